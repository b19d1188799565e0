"""The platform that commands stand on: intake, delivery, buttons, errors."""
