/**
 * Endpoint addresses as words, so that they fit into a row of shared memory and go to `connect` unparsed.
 *
 *     word   0               1               2               3
 *     IPv4   a.b.c.d         0               0               0
 *     IPv6   bytes 0..3      bytes 4..7      bytes 8..11     bytes 12..15
 *
 * A word holds its four bytes in network order, the first as the most significant. Text follows RFC 4291 section 2.2
 * in and RFC 5952 out. Host names and zone identifiers are not addresses here: spec 05 section 2 ignores the former,
 * and the latter mean nothing off the link.
 */

/** Address families as rows hold them; 0 is "not an address". */
export const FAMILY_NONE = 0;
/** An IPv4 address: word 0 counts. */
export const FAMILY_IPV4 = 4;
/** An IPv6 address: all four words count. */
export const FAMILY_IPV6 = 6;

/** Words of an address, see the head of this file. */
export const ADDRESS_WORDS = 4;

/**
 * Parses an IP address.
 *
 * @param ip text such as `10.0.0.1`, `2001:db8::1`, `::ffff:10.0.0.1`
 * @param into receives the four words; left undefined when the text is no address
 * @returns {@link FAMILY_IPV4}, {@link FAMILY_IPV6}, or {@link FAMILY_NONE} when the text is neither
 */
export function parseIp(ip: string, into: Int32Array): number {
  into.fill(0);
  if (!ip.includes(':')) {
    const word = parseIpv4(ip);
    if (word === undefined) return FAMILY_NONE;
    into[0] = word;
    return FAMILY_IPV4;
  }
  const halves = ip.split('::');
  if (halves.length > 2) return FAMILY_NONE;
  const head = parseGroups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return FAMILY_NONE;
  const given = head.length + tail.length;
  if (halves.length === 1 ? given !== 8 : given > 7) return FAMILY_NONE;
  head.forEach((group, index) => {
    putGroup(into, index, group);
  });
  tail.forEach((group, index) => {
    putGroup(into, 8 - tail.length + index, group);
  });
  return FAMILY_IPV6;
}

/**
 * Prints an IP address: dotted decimal, or RFC 5952's one form of an IPv6 address (lower case, the longest run of two
 * or more zero groups shortened, the first of equals).
 *
 * @param family {@link FAMILY_IPV4} or {@link FAMILY_IPV6}
 * @param words where the address lies
 * @param at index of its first word
 */
export function formatIp(family: number, words: Int32Array, at: number): string {
  if (family === FAMILY_IPV4) {
    const word = words[at] as number;
    return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }
  const groups: number[] = [];
  for (let index = 0; index < ADDRESS_WORDS; index += 1) {
    const word = words[at + index] as number;
    groups.push(word >>> 16, word & 0xffff);
  }
  let runStart = 0;
  let runLength = 1;
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === 0) end += 1;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return runLength < 2 ? text(0, 8) : `${text(0, runStart)}::${text(runStart + runLength, 8)}`;
}

/** The word of a dotted-decimal address; octets with leading zeros are refused, as inet_pton does (they read as octal elsewhere). */
function parseIpv4(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let word = 0;
  for (const octet of octets) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    word = (word << 8) | Number(octet);
  }
  return word;
}

/** The 16-bit groups of one side of `::`; the very end of an address may be dotted decimal and then gives two. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (endsAddress && index === parts.length - 1 && part.includes('.')) {
      const word = parseIpv4(part);
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function putGroup(into: Int32Array, index: number, group: number): void {
  const word = index >> 1;
  into[word] = (into[word] as number) | (index & 1 ? group : group << 16);
}
