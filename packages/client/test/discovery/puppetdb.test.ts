import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { emptyFilter, parseFilter } from '@troupe/core';
import { createTempFolder, createTestPki } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { puppetDb } from '../../src/index.js';

type Answer = (request: IncomingMessage, body: { query?: string }, response: ServerResponse) => void;

describe('PuppetDB', () => {
  let server: Server | undefined;

  async function listen(on: Server): Promise<number> {
    server = on;
    on.listen(0, '127.0.0.1');
    await once(on, 'listening');
    return (on.address() as AddressInfo).port;
  }

  async function serve(answer: Answer): Promise<string> {
    const http = createServer((request, response) => {
      void json(request).then((body) => answer(request, body as { query?: string }, response));
    });
    return `http://127.0.0.1:${await listen(http)}`;
  }

  afterEach(async () => {
    if (!server) return;
    server.close();
    (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    await once(server, 'close');
    server = undefined;
  });

  const rows = (response: ServerResponse, document: unknown) => response.end(JSON.stringify(document));
  const request = { filter: emptyFilter, collective: 'mcollective' };
  const failure = (url: string, options: object = {}) =>
    puppetDb({ url, ...options })
      .find(request)
      .then(String, (error: Error) => error.message);

  it('is asked for the nodes that a filter selects, and gives each once', async () => {
    const asked: unknown[] = [];
    const url = await serve(({ method, url: path, headers }, body, response) => {
      asked.push({ method, path, type: headers['content-type'], body });
      rows(response, [{ certname: 'B.lab' }, { certname: 'a.lab' }, { certname: 'b.lab' }]);
    });
    const filter = parseFilter({ facts: ['country=mt', 'uptime>5'], classes: ['web'] });
    const { nodes, rest } = await puppetDb({ url }).find({ ...request, filter });
    expect(nodes).to.deep.equal([{ identity: 'b.lab' }, { identity: 'a.lab' }]);
    expect(rest).to.deep.equal({ ...emptyFilter, facts: [filter.facts[1]] });
    expect(asked).to.deep.equal([
      {
        method: 'POST',
        path: '/pdb/query/v4',
        type: 'application/json',
        body: {
          query:
            'nodes[certname] { deactivated is null and expired is null and certname in resources[certname] { type = "Class" and title = "Web" } and certname in inventory[certname] { facts.country = "mt" } }',
        },
      },
    ]);
  });

  it("takes a query of one's own, and leaves all but names to the nodes", async () => {
    let query: string | undefined;
    const url = await serve((_, body, response) => {
      query = body.query;
      rows(response, [{ certname: 'web1' }, { certname: 'db1' }]);
    });
    const filter = parseFilter({ identities: ['/^web/'], classes: ['apache'] });
    const source = puppetDb({ url: `${url}/`, query: 'inventory[certname] { trusted.x = 1 }' });
    const { nodes, rest } = await source.find({ ...request, filter });
    expect(query).to.equal('inventory[certname] { trusted.x = 1 }');
    expect(nodes).to.deep.equal([{ identity: 'web1' }]);
    expect(rest).to.deep.equal({ ...emptyFilter, classes: ['apache'] });
  });

  it('presents its certificate, and trusts only its CA', async () => {
    await using folder = await createTempFolder();
    const pki = await createTestPki(folder.join('pki'));
    const own = await pki.issue('puppetdb.lab', { ipAddresses: ['127.0.0.1'] });
    const caller = await pki.issue('rip.mcollective');
    const pem = (file: string) => readFile(file, 'utf8');
    const ca = await pem(pki.caCertificate);
    const settings = { requestCert: true, rejectUnauthorized: true, ca };
    let seen: unknown;
    const port = await listen(
      createTlsServer(
        { ...settings, cert: await pem(own.certificate), key: await pem(own.key) },
        (asking, response) => {
          seen = (asking.socket as TLSSocket).getPeerCertificate().subject.CN;
          rows(response, [{ certname: 'a.lab' }]);
        },
      ),
    );
    const url = `https://127.0.0.1:${port}`;
    const tls = { ca, certificate: await pem(caller.certificate), key: await pem(caller.key) };
    expect((await puppetDb({ url }).find({ ...request, tls })).nodes).to.deep.equal([{ identity: 'a.lab' }]);
    expect(seen).to.equal('rip.mcollective');
    const stranger = await puppetDb({ url, tls: { certificate: tls.certificate, key: tls.key } })
      .find(request)
      .then(String, (error: Error) => error.message);
    expect(stranger).to.match(/^PuppetDB https:.*: .*certificate/);
  });

  it('says why there is no answer', async () => {
    const url = await serve((_, { query }, response) => {
      if (query === 'refused') response.writeHead(400).end('PQL parse error at line 1\nmore');
      else if (query === 'no list') rows(response, { error: 1 });
      else if (query === 'no json') response.end('<html>');
      else if (query === 'no name') rows(response, [{ name: 'a' }]);
    });
    expect(await failure(url, { query: 'refused' })).to.equal(
      `PuppetDB ${url}: HTTP status 400: PQL parse error at line 1`,
    );
    expect(await failure(url, { query: 'no list' })).to.equal(`PuppetDB ${url}: the response is not a list`);
    expect(await failure(url, { query: 'no json' })).to.equal(
      `PuppetDB ${url}: the response is not valid JSON`,
    );
    expect(await failure(url, { query: 'no name' })).to.include('row 1: nothing is not a valid node name');
    expect(await failure(url, { query: 'silent', timeout: 0.1 })).to.equal(
      `PuppetDB ${url}: no response within 0.1 s`,
    );
    expect(await failure('http://127.0.0.1:1')).to.match(/ECONNREFUSED/);
    expect(await failure('nowhere')).to.equal('"nowhere" is not a valid PuppetDB URL');
  });

  it('is not queried after the caller aborts', async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort(new Error('enough')));
    const reason = await puppetDb({ url })
      .find({ ...request, signal: abort.signal })
      .catch(String);
    expect(reason).to.equal('Error: enough');
  });
});
