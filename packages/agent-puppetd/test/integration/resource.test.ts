import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createTempFolder, puppetAgentMissing, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type PuppetNode, puppetNode } from './puppet-node.js';

describe('a single resource and the real Puppet', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let node: PuppetNode;

  before(async function () {
    const missing = puppetAgentMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-resource' });
    node = await puppetNode(folder.path, 'r1.lab', { address: '127.0.0.1', port: 8140 });
  });

  after(() => folder?.close());

  // Quotes, variables and options of Puppet's language and command line, which must all stay text.
  const content = `it's "\${facts['kernel']}" --noop\n`;
  const request = () => ({
    type: 'file',
    title: node.path('managed'),
    properties: { content, mode: '0600' },
  });

  it('is left alone in a no-op run, then changed, then found as it should be', async () => {
    const would = await node.puppet.apply({ ...request(), noop: true });
    expect(would).to.deep.include({ ok: true, changed: false });
    expect(would.reason).to.match(/would be changed$/);
    expect(existsSync(node.path('managed'))).to.equal(false);

    const changed = await node.puppet.apply(request());
    expect(changed).to.include({ ok: true, changed: true });
    expect(await readFile(node.path('managed'), 'utf8')).to.equal(content);
    expect(changed.messages.map(({ message }) => message).join('\n')).to.include('defined content');

    const same = await node.puppet.apply(request());
    expect(same).to.include({ ok: true, changed: false });
    expect(same.reason).to.match(/is already in the desired state$/);
  });

  it("fails with Puppet's own words, and leaves the record of the last run alone", async () => {
    const before = 'resources: {}\ntime: { last_run: 7 }\n';
    await mkdir(node.path('var/public'), { recursive: true });
    await writeFile(node.path('var/public/last_run_summary.yaml'), before);
    const failed = await node.puppet.apply({ type: 'exec', title: '/bin/false', properties: {} });
    expect(failed).to.include({ ok: false, changed: false });
    expect(failed.reason).to.match(/^exec\[\/bin\/false\] failed: .*returned 1/);
    expect(await readFile(node.path('var/public/last_run_summary.yaml'), 'utf8')).to.equal(before);
    expect(existsSync(node.path('var/state/last_run_report.yaml'))).to.equal(false);

    const unknown = await node.puppet.apply({ type: 'no_such_type', title: 'x', properties: {} });
    expect(unknown.ok).to.equal(false);
    expect(unknown.reason).to.match(/no_such_type/i);
  });
});
