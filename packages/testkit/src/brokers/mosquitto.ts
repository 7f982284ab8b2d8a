import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { brokerConfig } from '@troupe/core';
import { freePorts } from '../free-port.js';
import { whereIs } from '../processes/installed.js';
import { startProcess } from '../processes/process.js';
import type { TestBrokerKind } from './broker.js';
import { startServers } from './servers.js';

/** Eclipse Mosquitto. */
export const mosquitto: TestBrokerKind = {
  name: 'Mosquitto',
  missing: () => (whereIs('mosquitto') ? undefined : 'Mosquitto is not installed'),
  start: async ({ pki, callers, collectives, newcomers, crl = false, ...options }) => {
    const own = await pki.issue('mosquitto.lab', { ipAddresses: ['127.0.0.1'] });
    const folder = `${options.folder}/mosquitto`;
    await mkdir(folder);
    const port = await freePorts(3);
    const made = brokerConfig('mosquitto', {
      port,
      ca: pki.caCertificate,
      ...own,
      callers,
      folder,
      ...(collectives && { collectives }),
      ...(newcomers && { newcomers }),
      ...(crl && { crl: pki.crl }),
    });
    for (const { name, text } of made.files) {
      // Mosquitto that root starts becomes another user before it reads its files; here it stays who it is.
      const user = name === 'mosquitto.conf' ? `user ${userInfo().username}\n` : '';
      await writeFile(`${folder}/${name}`, `${user}${text}`);
    }
    return startServers({
      nodeUrls: [`mqtts://127.0.0.1:${port}`],
      callerUrls: [`mqtts://127.0.0.1:${port + 1}`],
      newcomerUrls: [`mqtts://127.0.0.1:${port + 2}`],
      escape: made.escape,
      servers: [
        async () => {
          const server = startProcess(whereIs('mosquitto') ?? 'mosquitto', [
            '-v',
            '-c',
            `${folder}/mosquitto.conf`,
          ]);
          await server.waitForLine(/mosquitto version .* running/);
          return server;
        },
      ],
    });
  },
};
