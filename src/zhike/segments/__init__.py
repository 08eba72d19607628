"""Customers in groups: found in the data, and what each group is like. The names below are the public ones."""

from zhike.segments.centres import Assignment, Centres
from zhike.segments.clusters import Clustering, cluster
from zhike.segments.profiles import Card, Profile, Trait, profile

__all__ = ["Assignment", "Card", "Centres", "Clustering", "Profile", "Trait", "cluster", "profile"]
