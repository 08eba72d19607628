"""Django's own commands: python -m zhike_crm migrate, … (people use `zhike`)."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike_crm.config.settings")
execute_from_command_line(["python -m zhike_crm", *sys.argv[1:]])
