import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { readToken } from '@troupe/core';
import { createNewcomerAccount, readNewcomerAccount } from '@troupe/core/internal';
import { startProcess } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';

describe('mco enroll token', function () {
  this.timeout(60_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start();
  });
  after(() => network?.stop());

  it('creates a token with which a machine without a certificate connects and is found by mco', async () => {
    const file = network.folder.join('token');
    const made = await network.mco(['enroll', 'token', '-o', file]);
    expect(made).to.include({ stdout: '', code: 0 });
    expect(made.stderr).to.match(
      /^Enrolment token in .*token, valid until \S+Z\n {2}id {10}[\w-]{36} .*\n {2}collective {2}provisioning\n/,
    );
    expect(made.stderr).to.include(
      'other machines cannot reach the broker at a loopback address: mqtts://127.0.0.1',
    );
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const config = network.folder.join('new.yaml');
    await writeFile(
      config,
      JSON.stringify({
        identity: 'new1.lab',
        security: { mode: 'token', token: file },
        state_dir: network.folder.join('new'),
      }),
    );
    await using daemon = startProcess(process.execPath, [network.daemonExecutable, '--config', config]);
    await daemon.waitForLine('"connected to the broker"');
    expect(await network.mco(['find', '-T', 'provisioning', '-q'])).to.deep.equal({
      stdout: 'new1.lab',
      stderr: '',
      code: 0,
    });
    const ping = await network.mco(['rpc', 'rpcutil', 'ping', '-T', 'provisioning', '--json']);
    expect(JSON.parse(ping.stdout).results).to.have.length(1);
  });

  it('creates a token with the given values', async () => {
    const { stdout, stderr } = await network.mco([
      ...['enroll', 'token', '--collective', 'berlin', '--ttl', '2h', '--callers', '/^boss\\.mcollective$/'],
      ...['--broker', 'mqtts://mq1.example.net:8883', '--broker', 'mqtts://mq2.example.net', '-q'],
    ]);
    expect(stderr).to.equal('');
    const claims = readToken(stdout);
    expect(claims).to.deep.include({
      iss: 'rip.mcollective',
      collective: 'berlin',
      callers: '/^boss\\.mcollective$/',
      brokers: ['mqtts://mq1.example.net:8883', 'mqtts://mq2.example.net'],
      ca: await readFile(network.folder.join('ca.pem'), 'utf8'),
    });
    expect(claims.exp - claims.iat).to.equal(7200);
  });

  it('limits uses and machines, and prints the id for revocation', async () => {
    const limits = ['--uses', '3', '--fact', 'region=eu', '--fact', 'os.family=Debian'];
    const { stdout, stderr } = await network.mco(['enroll', 'token', ...limits]);
    const claims = readToken(stdout);
    expect(claims).to.deep.include({ uses: 3, facts: ['region=eu', 'os.family=Debian'] });
    expect(stderr).to.include(`  id          ${claims.jti} (to revoke it)\n`);
    expect(stderr).to.match(
      / {2}limit {7}at most 3 machines \(requires enrolment\.ledger in the configuration of the broker\)\n {2}limit {7}only machines with region=eu\n/,
    );
    const file = network.folder.join('limited');
    const made = await network.mco(['enroll', 'token', ...limits, '--json', '-q', '-o', file]);
    const [{ id, token, ...document }] = JSON.parse(made.stdout).results;
    expect(document).to.deep.include({ file, uses: 3, issuer: 'rip.mcollective' });
    expect({ id, token }).to.deep.equal({
      id: readToken(await readFile(file, 'utf8')).jti,
      token: undefined,
    });
  });

  it('puts the account of new machines into the token', async () => {
    const file = network.folder.join('newcomers.pem');
    await writeFile(file, await createNewcomerAccount(), { mode: 0o600 });
    const { stdout, stderr } = await network.mco(['enroll', 'token', '--account', file, '--uses', '3']);
    const { certificate, key } = readNewcomerAccount(await readFile(file, 'utf8'));
    expect(readToken(stdout).account).to.deep.equal({ certificate, key });
    expect(stderr)
      .to.include('  account     newcomers\n')
      .and.include('at most 3 machines (requires security.tokens.ledger in the client configurations)');
    await chmod(file, 0o644);
    const open = await network.mco(['enroll', 'token', '--account', file]);
    expect(open).to.include({ stdout: '', code: 1 });
    expect(open.stderr).to.include('permissions too open, other users have access: chmod o=');
  });

  it('limits the names, and allows a replacement only if asked to', async () => {
    const { stdout, stderr } = await network.mco(['enroll', 'token', '--name', '/^web/', '--replace']);
    expect(readToken(stdout)).to.include({ names: '/^web/', replace: true });
    expect(stderr).to.include('  limit       only machines with a name that matches /^web/\n');
    expect(stderr).to.include(
      '  allows      to replace the certificate of a host that does not reply any more\n',
    );
    const [plain] = JSON.parse((await network.mco(['enroll', 'token', '--json', '-q'])).stdout).results;
    expect(plain).to.include({ names: null, replace: false });
  });

  const bad: readonly [args: readonly string[], message: RegExp][] = [
    [['--ttl', '1y'], /--ttl <duration>: "1y" is not a duration: use 90s, 30m, 24h or 7d \[USAGE_INVALID\]$/],
    [['--collective', 'A B'], /--collective: "A B" is not a valid collective name/],
    [['--broker', 'http://x'], /--broker: "http:\/\/x" is not a broker URL, such as mqtts:/],
    [['--callers', '/(/'], /--callers/],
    [['--name', 'web*'], /--name: "web\*" is neither a name .* nor a regular expression such as \/\^web\//],
    [['--uses', '0'], /--uses <n>: "0" is not an integer greater than 0 \[USAGE_INVALID\]$/],
    [['--fact', 'region'], /"region" is not a fact filter: write FACT=VALUE/],
    [['--account', '/nowhere.pem'], /--account: cannot use \/nowhere\.pem: ENOENT/],
    [['--ca', '/nowhere.pem'], /--ca: cannot read \/nowhere\.pem: ENOENT/],
    [['-o', '/nowhere/token'], /--output: cannot write \/nowhere\/token: ENOENT/],
  ];
  it('refuses invalid values', async () => {
    const runs = await Promise.all(bad.map(([args]) => network.mco(['enroll', 'token', ...args])));
    for (const [index, [args, message]] of bad.entries()) {
      expect(runs[index], args.join(' ')).to.include({ stdout: '', code: 1 });
      expect(runs[index]?.stderr).to.match(message);
    }
  });

  it('refuses a certificate that is not a CA certificate', async () => {
    const file = network.folder.join('rip.mcollective.pem');
    const { stderr, code } = await network.mco(['enroll', 'token', '--ca', file]);
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^mco: --ca: a certificate in .*rip\.mcollective\.pem is not a CA certificate \[USAGE_INVALID\]$/,
    );
  });
});
