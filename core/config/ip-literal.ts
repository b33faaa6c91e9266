/** IP literals as Linkerd's `ip` keys take them. Canonical, so that two spellings of one address are seen to conflict. */

/**
 * The canonical text of an IP literal, or undefined when it is none: dotted decimal with four parts, or IPv6 in the
 * form of RFC 5952 (`0:0:0:0:0:0:0:1` gives `::1`). Zones, brackets and short IPv4 forms are not literals here.
 */
export function canonicalIp(text: string): string | undefined {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text)) return text;
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return undefined;
  // The URL standard's host parser is an RFC 4291 parser that prints as RFC 5952 asks.
  const url = `http://[${text}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}
