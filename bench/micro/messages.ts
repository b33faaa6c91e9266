/** The messages of the HTTP/1 benchmarks. */

export const WRK_REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1:4140\r\n\r\n';

export const BROWSER_REQUEST = [
  'GET /catalogue/items?category=shoes&page=3 HTTP/1.1',
  'Host: shop.example.org',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Referer: https://shop.example.org/catalogue',
  'Cookie: session=4f0c6a9a2b7b4f5e9d3c; theme=dark; seen=1',
  'Connection: keep-alive',
  'Upgrade-Insecure-Requests: 1',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Priority: u=0, i',
  '',
  '',
].join('\r\n');

export const NGINX_RESPONSE = [
  'HTTP/1.1 200 OK',
  'Server: nginx/1.22.1',
  'Date: Mon, 23 Nov 2026 15:20:00 GMT',
  'Content-Type: text/plain',
  'Content-Length: 12',
  'Last-Modified: Mon, 23 Nov 2026 15:00:00 GMT',
  'Connection: keep-alive',
  'ETag: "6743f0a0-c"',
  'Accept-Ranges: bytes',
  '',
  '',
].join('\r\n');
