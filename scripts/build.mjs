/** `npm run build`: packages and dist/ brought up to date. */
import { ensureReady, runScript } from './setup.mjs';

await runScript(() => ensureReady());
