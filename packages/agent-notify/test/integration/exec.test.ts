import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { identify } from '@troupe/host';
import { createTempFolder, type TempFolder, waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { rejection, sendmsg } from '../call.js';

describe('exec and a program of the operator', function () {
  this.timeout(30_000);
  let folder: TempFolder;

  before(async () => {
    folder = await createTempFolder();
  });
  after(() => folder.close());

  function program(name: string, script: string): string {
    const file = folder.join(name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return file;
  }

  function section(command: readonly string[], timeout = 20): Record<string, unknown> {
    return { exec: { programs: { pager: { command } }, timeout } };
  }

  const input = {
    recipient: 'exec://pager',
    subject: '$(reboot)',
    message: '"; reboot #\n`x`',
    fields: { node: 'web1' },
    id: 'web1-17',
  };

  it('gives it the message as JSON, its fixed arguments, and nothing of the environment', async () => {
    const out = folder.join('out');
    const file = program('record', `{ cat; printf '%s\\n' "$@"; env; pwd; } > ${out}`);
    process.env.TROUPE_TEST_SECRET = 'geheim';
    try {
      await sendmsg(section([file, '--to', '$HOME *']), input);
    } finally {
      delete process.env.TROUPE_TEST_SECRET;
    }
    const [json = '', first, second, ...rest] = readFileSync(out, 'utf8').split('\n');
    const { time, ...message } = JSON.parse(json);
    expect(message).to.deep.equal({
      version: 1,
      id: 'web1-17',
      recipient: 'exec://pager',
      subject: '$(reboot)',
      message: '"; reboot #\n`x`',
      short: '"; reboot #',
      caller: 'rip.mcollective',
      host: 'notifier.example.com',
      fields: { node: 'web1' },
    });
    expect(new Date(time).toISOString()).to.equal(time);
    expect([first, second]).to.deep.equal(['--to', '$HOME *']);
    expect(rest.join('\n')).to.include('\n/\n');
    expect(rest.join('\n')).to.not.include('geheim');
  });

  it('takes a program that reads nothing and leaves another behind for one that has taken the message', async () => {
    const file = program('brief', `sleep 60 >&2 & echo $! > ${folder.join('left')}`);
    const output = await sendmsg(section([file]), input);
    expect(output.state).to.equal('delivered');
    process.kill(Number(readFileSync(folder.join('left'), 'utf8')), 'SIGKILL');
  });

  it('says how it ended and what it said', async () => {
    const file = program('fails', 'echo the line is busy >&2; exit 75');
    const error = await rejection(sendmsg(section([file]), input));
    expect(error.message).to.match(/^Program "pager" failed: exit code 75: the line is busy$/);
  });

  it('kills it, and what it has started, after the configured time', async () => {
    const pid = folder.join('pid');
    const file = program('hangs', `sleep 600 & echo $! > ${pid}; wait`);
    const error = await rejection(sendmsg(section([file], 0.5), input));
    expect(error.message).to.equal('Program "pager" timed out after 0.5 s');
    if (existsSync(pid))
      await waitFor('the end of its child', () => identify(Number(readFileSync(pid, 'utf8'))) === undefined);
  });

  it('says that it is not there any more', async () => {
    const file = program('goes', 'rm "$0"; exit 0');
    const config = section([file]);
    await sendmsg(config, input);
    const error = await rejection(sendmsg(config, input));
    expect(error.message).to.match(/exec\.programs\.pager\.command: ENOENT/);
  });

  it('refuses a program that others may change, or that is none', () => {
    const file = program('open', 'exit 0');
    chmodSync(file, 0o777);
    return Promise.all([
      rejection(sendmsg(section([file]), input)).then(({ message }) =>
        expect(message).to.include('is writable by other users: run chmod go-w'),
      ),
      rejection(sendmsg(section(['echo']), input)).then(({ message }) =>
        expect(message).to.include('echo is not an absolute path'),
      ),
    ]);
  });

  it('says that a program that is there cannot be started', async () => {
    const file = folder.join('broken');
    writeFileSync(file, '#!/nonexistent/interpreter\n', { mode: 0o755 });
    const error = await rejection(sendmsg(section([file]), input));
    expect(error.message).to.match(/^Cannot run program "pager": .*ENOENT/);
    rmSync(file);
  });
});
