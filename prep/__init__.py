"""Preparing data: crop and rectify, the LMDB store, jobs over shards, statistics and the report."""
