import { writeFileSync } from 'node:fs';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mco } from '../../mco.js';

describe('the plugins on this machine', () => {
  it('are listed: agents, and data plugins', async () => {
    const agents = await mco('plugin', 'list', '--json');
    expect(JSON.parse(agents.stdout).results.map(({ name }: { name: string }) => name)).to.include.members([
      'discovery',
      'rpcutil',
      'puppetd',
    ]);
    const data = await mco('plugin', 'list', '--data');
    expect(data.code).to.equal(0);
    expect(data.stdout).to.match(
      /^ {3}fstat +1\.0\.0 +Type, size, owner, permissions and times of a file on the node$/m,
    );
  });

  it('are documented, a data plugin with how a filter asks it', async () => {
    const { stdout, code } = await mco('plugin', 'doc', 'data/fstat');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^fstat data plugin, version 1\.0\.0\n=+\n/);
    expect(stdout).to.include(`In a filter: -S "fstat('QUERY').name = VALUE"`);
    expect(stdout).to.match(/\n {3}Query:\n {9}Path of the file\n +Type: string\n/);
    const json = await mco('plugin', 'doc', 'data/fstat', '--json');
    expect(JSON.parse(json.stdout).results[0].metadata.name).to.equal('fstat');
  });

  it('say what was meant by a slip', async () => {
    const { stderr, code } = await mco('plugin', 'doc', 'data/fsta');
    expect({ stderr, code }).to.deep.equal({
      stderr:
        'mco: no DDL for the data plugin "fsta" on this machine (did you mean "fstat"?); mco plugin list --data lists them [DDL_UNKNOWN]\n',
      code: 1,
    });
  });

  it('are not taken for those of the fleet: a note says whose they are, and how to list those of a node', async () => {
    const { stderr } = await mco('plugin', 'list');
    expect(stderr).to.match(/^\nAgents with a DDL on this machine\. .*mco inventory NODE$/m);
    expect((await mco('plugin', 'list', '--json')).stderr).to.not.include('Agents with a DDL');
  });

  it('include a faulty one, which is an error with --json too', async () => {
    await using folder = await createTempFolder({ prefix: 'troupe-plugins' });
    writeFileSync(folder.join('broken.json'), '{}');
    writeFileSync(folder.join('client.yaml'), JSON.stringify({ ddl_dirs: [folder.path] }));
    const config = ['-c', folder.join('client.yaml')];
    const text = await mco('plugin', 'list', ...config);
    const json = await mco('plugin', 'list', '--json', ...config);
    expect([text.code, json.code]).to.deep.equal([1, 1]);
    expect(text.stdout).to.match(/^ {3}broken$/m);
    const { results, errors } = JSON.parse(json.stdout);
    expect(results).to.deep.include({ name: 'broken', path: folder.join('broken.json') });
    expect(errors.map(({ code }: { code: string }) => code)).to.deep.equal(['DDL_INVALID']);
    for (const { stderr } of [text, json])
      expect(stderr).to.include(`mco: ${errors[0].message} [DDL_INVALID]\n`);
  });
});
