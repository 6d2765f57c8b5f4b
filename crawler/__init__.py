"""What to fetch, and how to read it: a Scrapy project. Imports only `store`."""
