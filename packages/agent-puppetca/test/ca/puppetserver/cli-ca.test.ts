import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { missing } from '../../../src/ca/ca.js';
import { CaError } from '../../../src/ca/error.js';
import { CliCa } from '../../../src/ca/puppetserver/cli-ca.js';

const status = (state: string) => JSON.stringify({ name: 'web1', state, fingerprints: { SHA256: 'AA' } });

describe('command puppetserver ca', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-cli-ca-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** A CA behind a command that prints and exits as told, and notes its arguments. */
  async function withCommand(
    script: string,
    options: { config?: string; timeoutSeconds?: number } = {},
  ): Promise<CliCa> {
    const command = join(folder, 'puppetserver');
    await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$@" >'${folder}/arguments'\n${script}\n`);
    await chmod(command, 0o755);
    return new CliCa({ command, cadir: folder, certname: 'ca1', timeoutSeconds: 10, ...options });
  }

  const given = async () => (await readFile(join(folder, 'arguments'), 'utf8')).trim().split('\n');

  async function failure(promise: Promise<unknown>): Promise<CaError> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(CaError);
    return error as CaError;
  }

  it('passes names as arguments of their own, and the configuration file', async () => {
    const ca = await withCommand('exit 0', { config: '/etc/puppet.conf' });
    await ca.sign('web1');
    expect(await given()).to.deep.equal(['ca', 'sign', '--certname', 'web1', '--config', '/etc/puppet.conf']);
  });

  it('finds the JSON among other lines', async () => {
    const ca = await withCommand(`echo 'a warning'; echo '{"requested":[${status('requested')}]}'`);
    expect(await ca.status('web1')).to.include({ certname: 'web1', state: 'requested', fingerprint: 'AA' });
    expect(await given()).to.deep.equal(['ca', 'list', '--certname', 'web1', '--format', 'json']);
  });

  it('tells "missing" from a failure, though both exit with 1', async () => {
    const absent = await withCommand(`echo '{"missing":["web1"]}'; exit 1`);
    expect(await absent.status('web1')).to.deep.equal(missing('web1'));
    const broken = await withCommand('echo Error while getting certificates >&2; exit 1');
    expect((await failure(broken.status('web1'))).message).to.equal(
      'puppetserver ca list failed with exit code 1: Error while getting certificates',
    );
  });

  it('lists the states that are asked for', async () => {
    const ca = await withCommand(
      `echo '{"requested":[${status('requested')}],"signed":[${status('signed')}],"revoked":[]}'`,
    );
    expect((await ca.list()).map(({ state }) => state)).to.deep.equal(['requested', 'signed']);
    expect((await ca.list('signed')).map(({ state }) => state)).to.deep.equal(['signed']);
  });

  for (const [operation, script, code] of [
    ['sign', 'echo "    Could not find certificate request for web1" >&2; exit 1', 'NOT_FOUND'],
    ['sign', 'echo "    No certificate request found for the following nodes" >&2; exit 1', 'NOT_FOUND'],
    ['sign', 'echo "      code: 409" >&2; exit 1', 'CONFLICT'],
    ['sign', 'echo "    Error encountered when attempting to sign the request" >&2; exit 1', 'CONFLICT'],
    ['sign', 'echo "      code: 403" >&2; exit 1', 'UNEXPECTED'],
    ['sign', 'echo "Failed connecting to https://x" >&2; exit 1', 'UNREACHABLE'],
    ['revoke', 'echo "    Could not find certificate for web1" >&2; exit 1', 'NOT_FOUND'],
    ['revoke', 'exit 24', 'CONFLICT'],
    ['revoke', 'exit 1', 'UNEXPECTED'],
    ['list', 'echo "{broken"', 'UNEXPECTED'],
    ['list', 'exit 0', 'UNEXPECTED'],
    ['list', 'exit 1', 'UNEXPECTED'],
  ] as const) {
    it(`${operation}: \`${script}\` is ${code}`, async () => {
      const ca = await withCommand(script);
      expect((await failure(operation === 'list' ? ca.list() : ca[operation]('web1'))).code).to.equal(code);
    });
  }

  for (const [script, state, expected] of [
    [
      'echo "Certificate for web1 has been revoked"; echo "Cleaned files related to web1"',
      'signed',
      { revoked: true, deleted: true },
    ],
    [
      'echo "Certificate for web1 has been revoked"; echo "Cleaned files related to web1"',
      'revoked',
      { revoked: false, deleted: true },
    ],
    ['echo "Cleaned files related to web1"; exit 24', 'requested', { revoked: false, deleted: true }],
    [
      'echo "    Could not find files to clean for web1" >&2; exit 1',
      'signed',
      { revoked: false, deleted: false },
    ],
  ] as const) {
    it(`clean: \`${script}\` of a name that was ${state}`, async () => {
      const ca = await withCommand(script);
      expect(await ca.clean({ ...missing('web1'), state })).to.deep.equal(expected);
    });
  }

  it('fails to clean where the command fails', async () => {
    const ca = await withCommand('echo "Failed connecting to https://x" >&2; exit 1');
    expect((await failure(ca.clean({ ...missing('web1'), state: 'signed' }))).code).to.equal('UNREACHABLE');
  });

  it('does not start the command where there is nothing to clean', async () => {
    const ca = await withCommand('exit 1');
    expect(await ca.clean(missing('web1'))).to.deep.equal({ revoked: false, deleted: false });
  });

  it('quotes what the command said, on one line, and of a long one 300 characters', async () => {
    const said = async (script: string) =>
      (await failure((await withCommand(script)).revoke('web1'))).message;
    const failed = 'puppetserver ca revoke failed with exit code 1: ';
    expect(await said('echo out; echo " two"; echo "  lines" >&2; exit 1')).to.equal(`${failed}lines`);
    expect(await said('echo out; echo " two"; exit 1')).to.equal(`${failed}out two`);
    expect(await said('exit 1')).to.equal(`${failed}no output`);
    expect(await said(`echo ${'x'.repeat(300)} >&2; exit 1`)).to.equal(failed + 'x'.repeat(300));
    expect(await said(`echo ${'x'.repeat(301)} >&2; exit 1`)).to.equal(`${failed}${'x'.repeat(299)}…`);
  });

  it('asks for all certificates, and for a certificate to be revoked or cleaned', async () => {
    const ca = await withCommand(`echo '{}'`);
    expect(await ca.list()).to.deep.equal([]);
    expect(await given()).to.deep.equal(['ca', 'list', '--all', '--format', 'json']);
    await ca.revoke('web1');
    expect(await given()).to.deep.equal(['ca', 'revoke', '--certname', 'web1']);
    await ca.clean({ ...missing('web1'), state: 'signed' });
    expect(await given()).to.deep.equal(['ca', 'clean', '--certname', 'web1']);
  });

  it('does not take a status for one where the command fails worse than for a missing name', async () => {
    const ca = await withCommand(`echo '{"signed":[${status('signed')}]}'; exit 2`);
    expect((await failure(ca.status('web1'))).message).to.include('ca list failed with exit code 2');
  });

  it('passes over groups that are no lists', async () => {
    const ca = await withCommand(`echo '{"requested":7,"signed":[${status('signed')}],"other":[1]}'`);
    expect((await ca.list()).map(({ state }) => state)).to.deep.equal(['signed']);
  });

  it('reads a request and a certificate, and says which file it cannot read', async () => {
    const ca = await withCommand('exit 0');
    for (const name of ['requests', 'signed']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'requests', 'web1.pem'), 'request');
    await writeFile(join(folder, 'signed', 'web1.pem'), 'certificate');
    expect(await ca.request('web1')).to.equal('request');
    expect(await ca.certificate('web1')).to.equal('certificate');
    await mkdir(join(folder, 'signed', 'web2.pem'));
    const error = await failure(ca.certificate('web2'));
    expect(error.code).to.equal('UNREACHABLE');
    expect(error.message).to.include(`Cannot read ${join(folder, 'signed', 'web2.pem')}: EISDIR`);
    const gone = AbortSignal.abort(new Error('gone'));
    const aborted = await ca.certificate('web1', gone).catch((reason: Error) => reason);
    expect(aborted).to.have.property('message', 'gone');
  });

  it('says that there is no such command', async () => {
    const ca = new CliCa({
      command: join(folder, 'none'),
      cadir: folder,
      certname: 'ca1',
      timeoutSeconds: 10,
    });
    const error = await failure(ca.list());
    expect(error.code).to.equal('UNREACHABLE');
    expect(error.message).to.include(join(folder, 'none'));
  });

  it('ends a command that takes too long', async () => {
    const ca = await withCommand('exec sleep 60', { timeoutSeconds: 0.2 });
    const error = await failure(ca.list());
    expect(error.code).to.equal('TIMEOUT');
    expect(error.message).to.match(/ca list: timed out after 0\.2 s$/);
  });

  it('ends a command for which nobody waits any more', async () => {
    const ca = await withCommand('exec sleep 60');
    const error = await ca.list(undefined, AbortSignal.timeout(100)).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(DOMException).with.property('name', 'TimeoutError');
  });

  it("reads certificates from the CA's folder, and says where it looked", async () => {
    const ca = await withCommand('exit 0');
    expect(await ca.certificate('web1')).to.equal(undefined);
    expect(await ca.request('web1')).to.equal(undefined);
    expect((await failure(ca.caCertificate())).message).to.equal(
      `CA certificate ${join(folder, 'ca_crt.pem')} not found: set plugins.puppetca.cadir to the folder of the CA`,
    );
    await writeFile(join(folder, 'ca_crt.pem'), 'bytes');
    expect((await ca.caCertificate()).toString()).to.equal('bytes');
  });
});
