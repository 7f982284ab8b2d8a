import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type FilterWords, parseFilter } from '@troupe/core';
import { skip } from '@troupe/test-support';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type ExternalProgramOptions, externalProgram } from '../../src/index.js';

describe('a discovery program', () => {
  let folder: TempFolder;

  before(async () => {
    folder = await createTempFolder();
  });
  after(() => folder.close());

  /** A program of the given lines of JavaScript; `reply` writes its answer. */
  async function program(name: string, body: string): Promise<string> {
    const file = folder.join(name);
    const lines = [
      `#!${process.execPath}`,
      "const { readFileSync, writeFileSync } = require('node:fs');",
      'const env = process.env;',
      "const request = JSON.parse(readFileSync(env.CHORIA_EXTERNAL_REQUEST, 'utf8'));",
      'const reply = (value) => writeFileSync(env.CHORIA_EXTERNAL_REPLY, JSON.stringify(value));',
      body,
    ];
    await writeFile(file, lines.join('\n'));
    await chmod(file, 0o755);
    return file;
  }

  const find = (options: ExternalProgramOptions, words: FilterWords = {}, signal?: AbortSignal) =>
    externalProgram(options).find({
      filter: parseFilter(words),
      collective: 'ops',
      ...(signal && { signal }),
    });
  const failure = (options: ExternalProgramOptions, signal?: AbortSignal) =>
    find(options, {}, signal).then(String, (error: Error) => error.message);

  it("gets a request in Choria's form and no more of the environment than it needs", async () => {
    const command = await program(
      'asks',
      "reply({ protocol: 'io.choria.choria.discovery.v1.external_reply', nodes: ['a.lab', 'A.lab'] }); writeFileSync(request.options.out, JSON.stringify({ request, env: Object.keys(env).sort(), args: process.argv.slice(2), protocol: env.CHORIA_EXTERNAL_PROTOCOL }));",
    );
    const out = folder.join('seen.json');
    const words = {
      facts: ['os=x'],
      classes: ['web'],
      agents: ['puppet'],
      identities: ['/a/'],
      select: ['web or db'],
    };
    const { nodes, rest } = await find({ command, args: ['--dc', 'one'], options: { out } }, words);
    expect(nodes).to.deep.equal([{ identity: 'a.lab' }]);
    expect(rest.facts).to.deep.equal([]);
    const seen = JSON.parse(await readFile(out, 'utf8'));
    expect(seen.request).to.deep.equal({
      $schema: 'https://choria.io/schemas/choria/discovery/v1/external_request.json',
      protocol: 'io.choria.choria.discovery.v1.external_request',
      collective: 'ops',
      filter: {
        fact: [{ fact: 'os', operator: '==', value: 'x' }],
        cf_class: ['web'],
        agent: ['puppet'],
        identity: ['/a/'],
        compound: [[{ expr: 'web or db' }]],
      },
      options: { out },
      timeout: 30,
    });
    expect(seen.env).to.deep.equal([
      'CHORIA_EXTERNAL_PROTOCOL',
      'CHORIA_EXTERNAL_REPLY',
      'CHORIA_EXTERNAL_REQUEST',
      'PATH',
    ]);
    expect(seen.args.slice(0, 2)).to.deep.equal(['--dc', 'one']);
    expect(seen.args.slice(2)).to.have.length(3);
    expect(seen.protocol).to.equal('io.choria.choria.discovery.v1.external_request');
  });

  const faults: readonly [what: string, body: string, message: string][] = [
    ['says that it failed', "reply({ error: 'no such site' });", 'failed: no such site'],
    ['ends with an exit code', "console.error('bad key'); process.exit(3);", 'exited with code 3: bad key'],
    ['leaves no reply', '', 'exited without writing a reply'],
    [
      'leaves no JSON',
      "writeFileSync(env.CHORIA_EXTERNAL_REPLY, 'nodes');",
      'wrote a reply that is not valid JSON',
    ],
    ['leaves no list', 'reply({});', 'wrote a reply without the list "nodes"'],
    ['speaks another protocol', "reply({ protocol: 'x', nodes: [] });", 'replied with the protocol "x"'],
    ['names no node', "reply({ nodes: ['a b'] });", 'nodes[0]: "a b" is not a valid node name'],
    [
      'puts a link in the place of its reply',
      "const fs = require('node:fs'); fs.unlinkSync(env.CHORIA_EXTERNAL_REPLY); fs.symlinkSync('/dev/zero', env.CHORIA_EXTERNAL_REPLY);",
      'wrote a reply that cannot be read: ELOOP',
    ],
    [
      'leaves a reply that is too large',
      "require('node:fs').truncateSync(env.CHORIA_EXTERNAL_REPLY, 64 * 1024 * 1024 + 1);",
      'wrote a reply that cannot be read: it has 67108865 bytes; the limit is 67108864',
    ],
    [
      'floods its output',
      "for (let count = 0; count < 17; count += 1) process.stdout.write('x'.repeat(65536));",
      'wrote too much output and was stopped',
    ],
  ];
  for (const [index, [what, body, message]] of faults.entries()) {
    it(`fails with an error if it ${what}`, async () => {
      const command = await program(`fault-${index}`, body);
      expect(await failure({ command })).to.include(message);
    });
  }

  it('can open its outputs by their names, as in a shell', async () => {
    const command = folder.join('shell');
    const lines = ['#!/bin/sh', 'echo looking > /dev/stdout', 'echo no key > /dev/stderr', 'exit 3'];
    await writeFile(command, lines.join('\n'));
    await chmod(command, 0o755);
    expect(await failure({ command })).to.include('exited with code 3: no key');
  });

  it('is killed at its timeout, or when the caller aborts', async () => {
    const command = await program('hangs', 'setInterval(() => {}, 1000);');
    expect(await failure({ command, timeout: 0.3 })).to.equal(
      `the discovery program ${command} did not exit within 0.3 s`,
    );
    expect(await failure({ command }, AbortSignal.abort(new Error('enough')))).to.equal('enough');
  });

  it('is refused to root if others can write it', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root is refused');
    const command = await program('open', 'reply({ nodes: [] });');
    await chmod(command, 0o777);
    const words = `the discovery program: any user can write ${command} (mode 0777, owner root:root): chmod o-w ${command}`;
    expect(await failure({ command })).to.equal(words);
  });

  it('is reported if it does not exist', async () => {
    expect(await failure({ command: folder.join('nothing') })).to.match(/nothing .*ENOENT/);
  });
});
