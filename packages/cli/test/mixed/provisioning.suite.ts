import { readFile } from 'node:fs/promises';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Build, newBuild, oldBuild } from './builds.js';
import { MixedSite } from './site.js';

const builds = [oldBuild, newBuild] as const;

const linesOf = async (file: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const versionsOf = (some: readonly Build[]) => some.map(({ version }) => version).join(' and ');

const combinations = builds.flatMap((site) =>
  [[oldBuild], [newBuild], builds].map((provisioners) => ({ site, provisioners })),
);

for (const { site, provisioners } of combinations)
  describe(`${versionsOf(provisioners)} provisioner, ${site.version} broker and Puppet master`, function () {
    this.timeout(120_000);
    let mixed: MixedSite;

    before(async () => {
      mixed = await MixedSite.start(site);
    });
    after(() => mixed?.[Symbol.asyncDispose]());

    for (const build of provisioners)
      it(`has images of both versions on the list of the ${build.version} mcprovision`, async () => {
        await waitFor('both images on the list', async () => {
          const { stdout } = await mixed.mcprovision(build, 'status');
          return builds.every(({ version }) => stdout.includes(`${version}-image.emulated`));
        });
      });

    it('provisions the images of both versions, each once', async () => {
      const runs = provisioners.map((build) => mixed.mcprovision(build, 'run', '--until-idle'));
      for (const { code, stdout, stderr } of await Promise.all(runs))
        expect(code, `${stdout}${stderr}`).to.equal(0);
      for (const image of mixed.images.values()) {
        const begun = (await linesOf(image.paths.puppetRuns)).filter(({ event }) => event === 'begin');
        expect(begun.map(({ environment }) => environment)).to.deep.equal(['bootstrap', 'production']);
        expect(await readFile(image.paths.config, 'utf8')).to.include('"mode":"x509"');
      }
    });

    for (const build of builds)
      it(`leaves hosts that the ${build.version} mco finds and calls`, async () => {
        const mco = mixed.mco(build);
        const hosts = builds.map(({ version }) => `${version}-image.emulated`).sort();
        await waitFor('both hosts in their collective', async () => {
          const found = await mco.find('-A', 'puppetd');
          return hosts.every((name) => found.includes(name));
        });
        const { code, states } = await mco.call('rpc', 'puppetd', 'status', '-A', 'puppetd');
        expect({ code, states }).to.deep.equal({
          code: 0,
          states: Object.fromEntries(hosts.map((name) => [name, 'ok'])),
        });
      });

    for (const build of provisioners)
      it(`shows both hosts as provisioned with the ${build.version} mcprovision`, async () => {
        const { stdout, stderr, code } = await mixed.mcprovision(build, 'status', '--all');
        expect(code, stderr).to.equal(0);
        for (const { version } of builds)
          expect(stdout).to.match(new RegExp(`^${version}-image\\.emulated +done `, 'm'));
      });

    it('ends without a message that a host or a master has rejected', async () => {
      const audits = [
        ...[...mixed.images.values()].map(({ paths }) => paths.audit),
        mixed.folder.join('masters/puppet1.emulated/audit.jsonl'),
      ];
      for (const file of audits) {
        const outcomes = (await linesOf(file)).map(({ outcome }) => outcome);
        expect(outcomes, file).to.not.deep.equal([]);
        expect(outcomes, file).to.not.include('invalid');
      }
    });
  });
