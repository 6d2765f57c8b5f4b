"""Scrapy's settings where its defaults don't suit a polite monitor; what a source may set is added by `crawler.run`."""

from importlib.metadata import version

BOT_NAME = "yaodian"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# Who asks, and where an administrator can complain; the operator adds a contact (YAODIAN_CONTACT).
USER_AGENT = f"Yaodian/{version('yaodian')} (education plan monitor)"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
}

ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Yaodian"
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0.25
# In place of Scrapy's own list, which imports all that it names, a tenth of what a crawl takes in memory: consoles that
# run whatever code they are sent, exporters, cookies, proxies.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.memusage.MemoryUsage": 0,
    "scrapy.extensions.closespider.CloseSpider": 0,
    "scrapy.extensions.logstats.LogStats": 0,
    # A server that is slow gets the more time between two requests, from the source's own delay up.
    "crawler.middlewares.throttle.Throttle": 0,
}
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 0
AUTOTHROTTLE_MAX_DELAY = 60
# Seconds. What a host asks for in Retry-After is waited for within a crawl up to the first, else left to a later
# crawl; of robots.txt's Crawl-delay no more than the second is honoured, or a crawl would never end.
RETRY_AFTER_PATIENCE = 60
CRAWL_DELAY_MOST = 60
# In the order in which a list names them: a crawl that ends early has the newest.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
# No item passes a pipeline, and Scrapy makes so many tasks for each answer.
CONCURRENT_ITEMS = 1

# Bounds on what a site can make us do.
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 16 << 20
DOWNLOAD_WARNSIZE = 8 << 20
DOWNLOAD_VERIFY_CERTIFICATES = True
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
# Not 429 and 503, which say that we shall come later.
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]
# Only the web: the other handlers read local files, or reach where a source file must not send us.
DOWNLOAD_HANDLERS = dict.fromkeys(("data", "file", "ftp", "s3"))
TWISTED_DNS_RESOLVER = "crawler.middlewares.guard.PublicResolver"
DNSCACHE_ENABLED = False

# Every status is an answer that the spider understands.
HTTPERROR_ALLOW_ALL = True
# All that a request passes, in place of Scrapy's own list. No proxy that is named in the environment: it would look
# names up itself, where no guard sees the addresses.
DOWNLOADER_MIDDLEWARES_BASE = {
    "crawler.middlewares.guard.AddressGuard": 50,
    "crawler.middlewares.robots.Robots": 100,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": 550,
    "crawler.middlewares.conditional.ConditionalRequests": 560,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "crawler.middlewares.packed.PackedAnswers": 595,  # before HttpCompressionMiddleware sees them
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
    "crawler.middlewares.turns.HostTurns": 950,
}

ASYNCIO_EVENT_LOOP = "uvloop.Loop"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
WARN_ON_GENERATOR_RETURN_VALUE = False
LOG_LEVEL = "INFO"
