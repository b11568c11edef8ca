"""Makes `python -m bench` the benchmark's command."""

from bench.cli import main

main()
