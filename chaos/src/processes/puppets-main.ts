import { servePlayers } from '@troupe/emulator';

/* The emulated Puppets of one group: usage: node puppets-main.js SOCKET. Their runs outlive the nodes' process. */
await servePlayers(process.argv[2] ?? '');
process.once('SIGTERM', () => process.exit(0));
process.stdout.write('ready\n');
