"""The settings of the Django project. What an installation decides is in `environment`; the rest is here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_INLINE

from zhike_crm.config import environment

PACKAGE = Path(__file__).resolve().parent.parent
ZHIKE_HOME = environment.home()
ZHIKE_URL = environment.address()
_HTTPS = ZHIKE_URL.startswith("https://")

SECRET_KEY = environment.secret_key(ZHIKE_HOME)
DEBUG = environment.flag("ZHIKE_DEBUG")
# Links in mails are made of the Host header, so only the address of the installation is let in.
ALLOWED_HOSTS = [urlsplit(ZHIKE_URL).hostname or "127.0.0.1"]
if ALLOWED_HOSTS == ["127.0.0.1"]:
    ALLOWED_HOSTS.append("localhost")
CSRF_TRUSTED_ORIGINS = [ZHIKE_URL] if _HTTPS else []

INSTALLED_APPS = [
    "zhike_crm.workspaces",
    "zhike_crm.audit",
    "zhike_crm.accounts",
    "zhike_crm.fields",
    "zhike_crm.jobs",
    "zhike_crm.ui",
    "zhike_crm.customers",
    "zhike_crm.segments",
    "zhike_crm.insights",
    "zhike_crm.imports",
    "zhike_crm.administration",
    "zhike_crm.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "ninja",
    "csp",
]

MIDDLEWARE = [
    "zhike_crm.running.health.Health",
    "django.middleware.security.SecurityMiddleware",
    "zhike_crm.api.lane.Lane",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "zhike_crm.accounts.middleware.PersonalSettings",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "zhike_crm.config.urls"
WSGI_APPLICATION = "zhike_crm.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The look is in ui/templates, and comes before allauth's own pages of the same name.
        "DIRS": [PACKAGE / "ui" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhike_crm.ui.navigation.frame",
            ],
        },
    },
]
FORM_RENDERER = "zhike_crm.ui.forms.Renderer"

DATABASES = {"default": environment.database(ZHIKE_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- languages ---------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["zhike_crm.config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- files -------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ZHIKE_HOME / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ZHIKE_HOME / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Served straight from the package as long as nobody has collected them.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Compressed already, or (the last) asked for by nobody but who looks for an error.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "gz", "woff", "woff2", "map"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Files: refused before they are read when they are too large or come from nobody, then written to disk as they come.
ZHIKE_UPLOAD_BYTES = environment.megabytes("ZHIKE_UPLOAD_MB", 2048)
ZHIKE_QUERY_HOSTS = environment.names("ZHIKE_QUERY_HOSTS")
FILE_UPLOAD_HANDLERS = ["zhike_crm.imports.uploads.BoundedUpload"]
FILE_UPLOAD_TEMP_DIR = environment.folder(ZHIKE_HOME / "incoming")

# -- people ------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "zhike_crm.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# The same answer whether an address is known or not.
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _HTTPS
ZHIKE_API_PER_MINUTE = environment.count("ZHIKE_API_PER_MINUTE", 6_000)
ZHIKE_OPEN_SIGNUP = environment.os.environ.get("ZHIKE_SIGNUP") == "open"

# -- mail --------------------------------------------------------------------------------------------------------------
globals().update(environment.email(ZHIKE_HOME))
DEFAULT_FROM_EMAIL = environment.os.environ.get("ZHIKE_FROM", f"Zhike <no-reply@{ALLOWED_HOSTS[0]}>")

# -- safety ------------------------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 30 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # Charts and progress bars set the style of single elements.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "zhike_cache"}}
# An error of a page is in the log of the server, where the error page says it is.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "zhike": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Strangers who guess at host names are not worth a line each.
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
    },
}
if _HTTPS:
    # Whoever ends TLS in front says so; links and cookies of the installation are https anyway.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
