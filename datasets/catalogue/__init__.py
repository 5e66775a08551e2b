"""One YAML per dataset: files, mirrors, checksums, licence (data only)."""
