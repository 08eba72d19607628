"""Days and times: the same way everywhere, and not to be mistaken on either side of the Atlantic."""

SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
