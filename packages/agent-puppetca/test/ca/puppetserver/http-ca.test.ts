import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { missing } from '../../../src/ca/ca.js';
import { CaError } from '../../../src/ca/error.js';
import { HttpCa } from '../../../src/ca/puppetserver/http-ca.js';
import { FakeCa } from './fake-ca.js';

type Operation =
  | 'caCertificate'
  | 'list'
  | 'status'
  | 'request'
  | 'certificate'
  | 'sign'
  | 'revoke'
  | 'clean';

describe('HTTP API of a Puppet Server in trouble', () => {
  let fake: FakeCa;
  let ca: HttpCa;

  before(async () => {
    fake = await FakeCa.start();
    ca = new HttpCa(fake.client(), ['ca1']);
  });

  after(() => fake.stop());

  const operations: Record<Operation, () => Promise<unknown>> = {
    caCertificate: () => ca.caCertificate(),
    list: () => ca.list(),
    status: () => ca.status('web1'),
    request: () => ca.request('web1'),
    certificate: () => ca.certificate('web1'),
    sign: () => ca.sign('web1'),
    revoke: () => ca.revoke('web1'),
    clean: () => ca.clean({ ...missing('web1'), state: 'signed' }),
  };

  async function failureOf(operation: Operation): Promise<CaError> {
    const error = await operations[operation]().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, operation).to.be.instanceOf(CaError);
    return error as CaError;
  }

  for (const operation of Object.keys(operations) as Operation[]) {
    it(`${operation}: says that it is not let in`, async () => {
      fake.answer(403, 'Forbidden request: /puppet-ca/v1/certificate_status/web1 (method :put)');
      const error = await failureOf(operation);
      expect(error.code).to.equal('FORBIDDEN');
      expect(error.message).to.match(/HTTP status 403: Forbidden request.*pp_cli_auth/);
    });

    it(`${operation}: passes on what a server says that fails`, async () => {
      fake.answer(500, `Internal Server Error:\n ${'x'.repeat(1000)}`);
      const error = await failureOf(operation);
      expect(error.code).to.equal('UNEXPECTED');
      expect(error.message).to.match(
        /: the CA responded with HTTP status 500: Internal Server Error: x{250,}…$/,
      );
      expect(error.message).to.have.length.lessThan(400);
    });
  }

  for (const garbage of [
    '',
    'hello',
    '{"state":"signed"}',
    '{"name":"web1","state":"odd"}',
    '{"name":"web1","state":"signed"}',
    'null',
    '[1]',
  ]) {
    it(`does not take ${JSON.stringify(garbage)} for a status or a list`, async () => {
      fake.answer(200, garbage);
      expect((await failureOf('status')).code).to.equal('UNEXPECTED');
      expect((await failureOf('list')).code).to.equal('UNEXPECTED');
    });
  }

  it('does not take the status of another name', async () => {
    fake.answer(200, JSON.stringify({ name: 'web2', state: 'signed', fingerprints: { SHA256: 'AA' } }));
    expect((await failureOf('status')).message).to.equal(
      'The CA returned the status of web2 instead of web1',
    );
  });

  for (const [operation, status, code] of [
    ['sign', 404, 'NOT_FOUND'],
    ['sign', 409, 'CONFLICT'],
    ['revoke', 404, 'NOT_FOUND'],
    ['revoke', 409, 'CONFLICT'],
    ['caCertificate', 404, 'UNEXPECTED'],
    ['list', 404, 'UNEXPECTED'],
  ] as const) {
    it(`${operation}: ${status} is ${code}`, async () => {
      fake.answer(status, 'because');
      expect((await failureOf(operation)).code).to.equal(code);
    });
  }

  const described = (state: string) =>
    JSON.stringify({ name: 'web1', state, fingerprints: { SHA256: 'AA' } });

  it('asks for what it wants to know', async () => {
    fake.calls.length = 0;
    fake.answer(200, `[${described('signed')}]`);
    expect((await ca.list()).map(({ certname, state }) => `${certname} ${state}`)).to.deep.equal([
      'web1 signed',
    ]);
    await ca.list('revoked');
    fake.answer(200, described('requested'));
    expect(await ca.status('web1')).to.include({ state: 'requested', fingerprint: 'AA' });
    fake.answer(200, 'PEM');
    expect(await ca.request('web1')).to.equal('PEM');
    expect(await ca.certificate('web1')).to.equal('PEM');
    expect((await ca.caCertificate()).toString()).to.equal('PEM');
    expect(
      fake.calls.map(({ method, url }) => `${method} ${url.slice('/puppet-ca/v1/'.length)}`),
    ).to.deep.equal([
      'GET certificate_statuses/any_key',
      'GET certificate_statuses/any_key?state=revoked',
      'GET certificate_status/web1',
      'GET certificate_request/web1',
      'GET certificate/web1',
      'GET certificate/ca',
    ]);
  });

  it('tells the CA which state it wants', async () => {
    const bodies: string[] = [];
    fake.behaviour = (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(`${request.method} ${body}`);
        response.writeHead(bodies.length % 2 === 0 ? 200 : 204).end();
      });
    };
    await ca.sign('web1');
    await ca.revoke('web1');
    expect(await ca.clean({ ...missing('web1'), state: 'signed' })).to.deep.equal({
      revoked: true,
      deleted: true,
    });
    expect(bodies).to.deep.equal([
      'PUT {"desired_state":"signed"}',
      'PUT {"desired_state":"revoked"}',
      'PUT {"desired_state":"revoked"}',
      'DELETE ',
    ]);
  });

  it('takes what was revoked before for no new revocation', async () => {
    fake.answer(204);
    expect(await ca.clean({ ...missing('web1'), state: 'revoked' })).to.deep.equal({
      revoked: false,
      deleted: true,
    });
  });

  it('says when it could not delete', async () => {
    fake.behaviour = (request, response) =>
      response.writeHead(request.method === 'PUT' ? 404 : 500).end('no');
    expect((await failureOf('clean')).message).to.equal(
      'DELETE certificate_status/web1: the CA responded with HTTP status 500: no',
    );
    fake.behaviour = (request, response) => response.writeHead(request.method === 'PUT' ? 204 : 404).end();
    expect(await operations.clean()).to.deep.equal({ revoked: true, deleted: false });
  });

  it('passes on a whole sentence, and of a long one 300 characters', async () => {
    fake.answer(409, ` because\n of ${'x'.repeat(289)} `);
    expect((await failureOf('sign')).message).to.equal(
      `The CA refused to sign web1: because of ${'x'.repeat(289)}`,
    );
    fake.answer(409, 'x'.repeat(301));
    expect((await failureOf('sign')).message).to.equal(`The CA refused to sign web1: ${'x'.repeat(299)}…`);
    fake.answer(200, '{');
    expect((await failureOf('status')).message).to.equal(
      "GET certificate_status/web1: invalid JSON in the CA's response: {",
    );
  });

  it('takes 404 for "there is none" where that is an answer', async () => {
    fake.answer(404, 'Resource not found.');
    expect(await ca.status('web1')).to.deep.equal(missing('web1'));
    expect(await ca.request('web1')).to.equal(undefined);
    expect(await ca.certificate('web1')).to.equal(undefined);
    expect(await operations.clean()).to.deep.equal({ revoked: false, deleted: false });
  });

  it('asks for nothing where there is nothing to clean', async () => {
    fake.calls.length = 0;
    expect(await ca.clean(missing('web1'))).to.deep.equal({ revoked: false, deleted: false });
    expect(fake.calls).to.deep.equal([]);
  });

  it('deletes what cannot be revoked, but not what the CA failed to revoke', async () => {
    fake.calls.length = 0;
    fake.behaviour = (request, response) => response.writeHead(request.method === 'PUT' ? 409 : 204).end();
    expect(await operations.clean()).to.deep.equal({ revoked: false, deleted: true });
    expect(fake.calls.map((call) => call.method)).to.deep.equal(['PUT', 'DELETE']);

    fake.calls.length = 0;
    fake.behaviour = (request, response) => response.writeHead(request.method === 'PUT' ? 500 : 204).end();
    await failureOf('clean');
    expect(fake.calls.map((call) => call.method)).to.deep.equal(['PUT']);
  });
});
