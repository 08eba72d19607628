"""What fits a company's data: which models, which way of scoring, and which data would unlock more."""

from zhike.adviser.inventory import Inventory, take_stock
from zhike.adviser.models import Advice, advise
from zhike.adviser.rfm_mode import RfmAdvice, recommend_rfm

__all__ = ["Advice", "Inventory", "RfmAdvice", "advise", "recommend_rfm", "take_stock"]
