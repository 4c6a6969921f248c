"""When things happen: thin Prefect flows that move snapshots through the stages in batches."""
