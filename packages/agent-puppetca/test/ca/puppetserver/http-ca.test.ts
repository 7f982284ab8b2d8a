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
      expect(error.message).to.match(/answered 403: Forbidden request.*pp_cli_auth/);
    });

    it(`${operation}: passes on what a server says that fails`, async () => {
      fake.answer(500, `Internal Server Error:\n ${'x'.repeat(1000)}`);
      const error = await failureOf(operation);
      expect(error.code).to.equal('UNEXPECTED');
      expect(error.message).to.match(/: the CA answered 500: Internal Server Error: x{250,}…$/);
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
    expect((await failureOf('status')).message).to.equal('Asked for web1, the CA described web2');
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
