/**
 * Which admin paths are served at all (spec 02 section 4, spec 06 section 8.1).
 *
 *     forbidden list ──▶ refused      category on ──▶ served      allowed list ──▶ served      else refused
 *
 * Paths are compared as sent. The routes compare them as sent too, so no spelling gets past the one and reaches the other.
 */

/** `admin.security` of the configuration, its defaults filled in. */
export interface AdminSecurity {
  readonly uiEnabled: boolean;
  readonly controlEnabled: boolean;
  readonly diagnosticsEnabled: boolean;
  /** Regular expressions that must match the whole path. */
  readonly pathWhitelist: readonly string[];
  readonly pathBlacklist: readonly string[];
}

/** Everything is served. */
export const DEFAULT_SECURITY: AdminSecurity = {
  uiEnabled: true,
  controlEnabled: true,
  diagnosticsEnabled: true,
  pathWhitelist: [],
  pathBlacklist: [],
};

const UI_PATHS: ReadonlySet<string> = new Set([
  '/',
  '/config.json',
  '/metrics.json',
  '/admin/metrics.json',
  '/admin/metrics',
  '/delegator',
  '/delegator.json',
  '/logging',
  '/help',
]);
const UI_PREFIXES = ['/files/', '/admin/files/'];
const CONTROL_PATHS: ReadonlySet<string> = new Set(['/admin/shutdown', '/logging.json']);

/**
 * Builds the test that a path must pass.
 *
 * @throws SyntaxError when an expression is not one
 */
export function securityFilter(security: AdminSecurity): (path: string) => boolean {
  const allowed = security.pathWhitelist.map(wholePath);
  const forbidden = security.pathBlacklist.map(wholePath);
  return (path) => {
    if (forbidden.some((pattern) => pattern.test(path))) return false;
    return categoryEnabled(security, path) || allowed.some((pattern) => pattern.test(path));
  };
}

function categoryEnabled(security: AdminSecurity, path: string): boolean {
  if (UI_PATHS.has(path) || UI_PREFIXES.some((prefix) => path.startsWith(prefix))) return security.uiEnabled;
  return CONTROL_PATHS.has(path) ? security.controlEnabled : security.diagnosticsEnabled;
}

function wholePath(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
