/** What the supervisor may use of this room: sockets to listen on, wake-ups to ring, and what dead threads leave behind. */
export { EADDRINUSE, errnoName } from './errno.ts';
export { KernelMemory, type Mapping, unmap } from './memory.ts';
export { type ListenOptions, Sockets } from './sockets.ts';
export { closeDescriptor, createWakeup, ring } from './thread.ts';
export { loadZlib, ZlibError } from './zlib.ts';
