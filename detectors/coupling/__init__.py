"""Phase-amplitude coupling: how a slow phase drives a fast amplitude."""
