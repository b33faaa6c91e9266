/** The texts of Weft's own errors (spec 03 section 6), byte for byte, and how a header carries them. */

/** Block A: nothing serves the name. @param base and override dtabs as the block shows them, two spaces before each line */
export function blockA(name: string, base: string, override: string): string {
  return `Unable to route request!

service name: ${name}
dtab:

base dtab:
${base}
override dtab:
${override}
`;
}

/** Block B: the endpoints cannot be connected to. */
export function blockB(endpoint: string, service: string, client: string, addresses: readonly string[]): string {
  return `Unable to establish connection to ${endpoint}.

service name: ${service}
client name: ${client}
addresses: [${addresses.join(', ')}]
selected address: ${endpoint}
`;
}

/** A message as `l5d-err` has it: form-url-encoded. */
export function encodedError(message: string): string {
  return [...message].map((c) => (/[A-Za-z0-9.*_-]/.test(c) ? c : c === ' ' ? '+' : percent(c))).join('');
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
