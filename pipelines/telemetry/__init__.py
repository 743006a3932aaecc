"""Telemetry of runs and streams: log lines, Prometheus metrics and OpenTelemetry traces.

All of it is off unless a setting or a standard environment variable enables it.
"""
