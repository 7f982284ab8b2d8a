import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ProvisionError } from '../../src/provision-error.js';
import { daemonizePuppet } from '../../src/puppet/puppet-daemon.js';
import { FakeNode } from '../fixtures/fake-node.js';
import { rejection } from '../fixtures/rejection.js';

describe('daemonizePuppet', () => {
  let node: FakeNode;
  const daemonize = (command?: readonly string[]) =>
    daemonizePuppet({
      puppet: node.puppet(),
      command,
      stateDir: node.host.stateDir,
      signal: new AbortController().signal,
    });
  beforeEach(async () => {
    node = await FakeNode.create();
  });
  afterEach(async () => {
    const pid = Number(await readFile(node.folder.join('puppet', 'pidfile'), 'utf8').catch(() => ''));
    if (pid > 0) process.kill(pid, 'SIGKILL');
    await node[Symbol.asyncDispose]();
  });

  it('starts Puppet’s own daemon once and reports its process', async () => {
    const first = await daemonize();
    const pid = (await readFile(node.folder.join('puppet', 'pidfile'), 'utf8')).trim();
    expect(first.exitCode).to.equal(0);
    expect(first.output).to.contain('Notice: Starting Puppet client');
    expect(first.output).to.contain(`The Puppet daemon is running (process ${pid})`);
    expect(await daemonize()).to.deep.equal({
      output: `The Puppet daemon is already running (process ${pid})`,
      exitCode: null,
    });
    expect(await node.calls()).to.deep.equal(['agent']);
  });

  it('fails where no daemon appears', async () => {
    await node.behave({ daemon: 'no' });
    const error = await rejection(daemonize());
    expect(error.message).to.contain('succeeded, but the Puppet daemon is not running');
  }).timeout(20_000);

  it('takes a command of the site’s own', async () => {
    const { output, exitCode } = await daemonize(['/bin/sh', '-c', 'echo started by the service manager']);
    expect(exitCode).to.equal(0);
    expect(output).to.contain('started by the service manager');
    expect(await node.calls()).to.deep.equal([]);
  });

  it('fails with the output of a command that fails', async () => {
    const error = await rejection(daemonize(['/bin/sh', '-c', 'echo no such unit; exit 5']));
    expect(error).to.be.instanceOf(ProvisionError);
    expect(error.message).to.contain('failed with exit code 5');
    expect((error as ProvisionError).data).to.include({ exitcode: 5 });
    expect((error as ProvisionError).data.output).to.contain('no such unit');
  });

  it('fails where there is no such command', async () => {
    expect((await rejection(daemonize(['/nonexistent/systemctl']))).message).to.contain(
      'cannot start /nonexistent/systemctl: ',
    );
  });
});
