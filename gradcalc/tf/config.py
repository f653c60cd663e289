"""`tf.config`: what notebooks ask of it. Imports nothing but the defaults."""


def list_physical_devices(device_type: str | None = None) -> list[str]:
    """No device but the CPU, which needs no name here: an empty list."""
    return []


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Functions always run eagerly."""
