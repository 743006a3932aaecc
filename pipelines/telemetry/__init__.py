"""What runs and streams tell machines of themselves: log lines, Prometheus metrics, OpenTelemetry traces.

All of it is off until a setting or a standard variable of the environment asks for it.
"""
