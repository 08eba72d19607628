"""Zhike 知客: know every customer, prove every action. The library; `import zhike` is enough."""

__version__ = "0.1.0"
