import { spawnBroker } from '@troupe/broker';
import type { TestBroker, TestBrokerKind } from './broker.js';

/** Troupe's own broker, in a process of its own. */
export const embedded: TestBrokerKind = {
  name: 'embedded',
  missing: () => undefined,
  start: async ({ pki, crl = false }): Promise<TestBroker> => {
    const own = await pki.issue('embedded.lab', { ipAddresses: ['127.0.0.1'] });
    const security = { ca: pki.caCertificate, ...own, ...(crl && { crl: pki.crl }) };
    const broker = await spawnBroker({ listen: ['mqtts://127.0.0.1:0'], security, log: { level: 'error' } });
    return {
      nodeUrls: [broker.url],
      callerUrls: [broker.url],
      newcomerUrls: [broker.url],
      escape: false,
      get pids() {
        return [broker.pid];
      },
      output: '',
      kill: () => broker.kill(),
      restart: () => broker.restart(),
      stop: () => broker.stop(),
      [Symbol.asyncDispose]: () => broker.stop(),
    };
  },
};
