import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clientSchema, connect } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import { createTempFolder, makeKeyPair, useTestPki } from '@troupe/testkit';
import { BareRequester } from './bare.mjs';
import { startBroker } from './brokers.mjs';
import { startPeer } from './process.mjs';
import { mcod } from './programs.mjs';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const emulate = path('../../packages/emulator/bin/troupe-emulate.js');
const bareNodes = path('../peers/bare-nodes.mjs');

/** A broker, named or a function that starts one, with a PKI, and what a case starts around it; all of it ends with `close`. */
export class Site {
  static async open({ broker, tls, keyType = 'rsa' }) {
    const folder = await createTempFolder({ prefix: 'troupe-bench', mode: 0o711 });
    const pki = await useTestPki(folder.join('pki'));
    const site = new Site({ folder, pki, tls, keyType });
    try {
      const parts = { tls, pki, folder: folder.path };
      site.broker = await (typeof broker === 'function' ? broker(parts) : startBroker(broker, parts));
    } catch (error) {
      await folder.close();
      throw error;
    }
    return site;
  }

  #closers = [];

  constructor({ folder, pki, tls, keyType }) {
    Object.assign(this, { folder, pki, tls, keyType });
  }

  async close() {
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.broker.stop();
    await this.folder.close();
  }

  /** A real mcod in a process of its own; ready when the network can call it. */
  async daemon(identity) {
    const state = this.folder.join(`state-${identity}`);
    const config = this.folder.join(`${identity}.yaml`);
    const { certificate, key } = await this.#issue(identity);
    writeFileSync(
      config,
      JSON.stringify({
        identity,
        broker: { urls: [this.broker.url] },
        security: { mode: 'x509', ca: this.pki.caCertificate, certificate, key },
        facts: { paths: [] },
        state_dir: state,
        log: { level: 'info' },
      }),
    );
    // The second line: connected, and every subscription confirmed.
    const peer = await startPeer(mcod, ['--config', config], { ready: /connected to the broker/ });
    this.#closers.push(() => peer.stop());
    return { ...peer, config };
  }

  /** Emulated nodes in a process of their own. */
  async fleet(instances) {
    const words = [
      '--broker',
      this.broker.url,
      '-n',
      `${instances}`,
      '--pki',
      this.folder.join('pki'),
      '--until-eof',
      ...(this.broker.escape ? ['--escape'] : []),
    ];
    const peer = await startPeer(emulate, [...words, '--key', this.keyType], {
      ready: /^\{"instances"/,
      seconds: 120 + instances / 10,
    });
    this.#closers.push(() => peer.stop());
    return peer;
  }

  /** Bare MQTT.js clients in a process of their own, each answering what comes on its topics. */
  async bareNodes(instances, replyBytes) {
    const tls = this.tls ? await this.#issue('bare.bench') : {};
    const words = {
      url: this.broker.url,
      instances,
      replyBytes,
      ...(this.tls && { ca: this.pki.caCertificate, ...tls }),
    };
    const peer = await startPeer(bareNodes, [JSON.stringify(words)], {
      ready: /^ready \d/,
      seconds: 120 + instances / 10,
    });
    this.#closers.push(() => peer.stop());
    return peer;
  }

  /** A bare MQTT.js client of this process that calls bare nodes. */
  async bareRequester(requestBytes) {
    const { certificate, key } = await this.#issue('requester.mcollective');
    const tls = {
      ca: readFileSync(this.pki.caCertificate),
      cert: readFileSync(certificate),
      key: readFileSync(key),
    };
    const requester = await BareRequester.connect(this.broker.url, this.tls ? tls : {}, {
      requestBytes,
      ...(this.tls && { node: 'bare.bench' }),
    });
    this.#closers.push(() => requester.close());
    return requester;
  }

  async clientConfig(name = 'bench.mcollective') {
    const { certificate, key } = await this.#issue(name);
    return {
      broker: { urls: [this.broker.url] },
      security: { mode: 'x509', ca: this.pki.caCertificate, certificate, key },
      topics: { escape: this.broker.escape ?? false },
    };
  }

  /** The environment in which `mco` finds this site, as this caller. */
  async commandEnv(caller = 'mco.mcollective') {
    const config = this.folder.join('client.yaml');
    writeFileSync(config, JSON.stringify(await this.clientConfig(caller)));
    return { TROUPE_CONFIG: config, NO_COLOR: '1' };
  }

  /** The client library, in this process. */
  async client() {
    const client = await connect({
      config: checkConfig(await this.clientConfig(), clientSchema, 'the bench'),
    });
    this.#closers.push(() => client.close());
    return client;
  }

  /** Ends what was started last. */
  async closeLast() {
    await this.#closers.pop()?.();
  }

  async #issue(name) {
    return this.pki.issue(name, { keys: await makeKeyPair(this.keyType) });
  }
}
