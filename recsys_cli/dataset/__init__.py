"""Raw data in: files to arrays, ids to rows. Knows neither the model nor the store."""
