/** Which admin paths each setting of `admin.security` leaves open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminSecurity, DEFAULT_SECURITY, securityFilter } from './security.ts';

const UI = ['/', '/files/js/x.js', '/admin/files/x', '/config.json', '/admin/metrics.json', '/delegator.json', '/help'];
const CONTROL = ['/admin/shutdown', '/logging.json'];
const DIAGNOSTICS = ['/admin/ping', '/admin/metrics/prometheus', '/client_state.json', '/admin', '/configXjson', '/x'];

/** Paths of all categories that are served. */
function served(security: Partial<AdminSecurity>): string[] {
  return [...UI, ...CONTROL, ...DIAGNOSTICS].filter(securityFilter({ ...DEFAULT_SECURITY, ...security }));
}

test('categories are switched one by one', () => {
  assert.deepEqual(served({}), [...UI, ...CONTROL, ...DIAGNOSTICS]);
  assert.deepEqual(served({ uiEnabled: false }), [...CONTROL, ...DIAGNOSTICS]);
  assert.deepEqual(served({ controlEnabled: false }), [...UI, ...DIAGNOSTICS]);
  assert.deepEqual(served({ diagnosticsEnabled: false }), [...UI, ...CONTROL]);
});

test('lists match whole paths; what is forbidden is not allowed by anything', () => {
  const off = { uiEnabled: false, controlEnabled: false, diagnosticsEnabled: false };
  assert.deepEqual(served({ ...off, pathWhitelist: ['/admin/pi'] }), []);
  assert.deepEqual(served({ ...off, pathWhitelist: ['/admin/ping', '/lo.*|/he.*'] }), [
    '/help',
    '/logging.json',
    '/admin/ping',
  ]);
  assert.deepEqual(served({ ...off, pathWhitelist: ['.*'], pathBlacklist: ['/.+'] }), ['/']);
  assert.ok(!served({ pathBlacklist: ['/admin/shutdown'] }).includes('/admin/shutdown'));
});

test('what is not an expression is refused', () => {
  assert.throws(() => securityFilter({ ...DEFAULT_SECURITY, pathWhitelist: ['('] }), SyntaxError);
});
