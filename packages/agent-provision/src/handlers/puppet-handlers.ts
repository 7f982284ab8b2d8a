import { type PuppetSettings, wrongAssumptions } from '@troupe/agent-puppetd/puppet';
import type { Context, Handlers } from '@troupe/core';
import { Serial } from '@troupe/core/async';
import type ddl from '@troupe/ddl/provision.json';
import { CaClient } from '../certificate/ca-client.js';
import { CertificateRequester, type CsrMemory } from '../certificate/certificate-request.js';
import { certificateStatus } from '../certificate/certificate-status.js';
import { SslFiles } from '../certificate/ssl-files.js';
import { isoTime } from '../clock.js';
import { setHostsEntry } from '../files/hosts-file.js';
import type { Change } from '../files/managed-file.js';
import { setServer } from '../files/puppet-conf.js';
import { ProvisionError } from '../provision-error.js';
import { daemonizePuppet } from '../puppet/puppet-daemon.js';
import type { StageResult } from '../puppet/puppet-stage.js';
import { checkMayChange, claimOf, type Node } from './node.js';

type Actions =
  | 'set_puppet_host'
  | 'request_certificate'
  | 'has_cert'
  | 'bootstrap_puppet'
  | 'run_puppet'
  | 'daemonize_puppet';

/** What is done to this host until Puppet manages it. */
export function puppetHandlers(node: Node): Pick<Handlers<typeof ddl>, Actions> {
  const { clock, puppet, record } = node;
  // What changes the host's files is done one after the other; what waited too long is not done at all.
  const changes = new Serial();
  return {
    set_puppet_host: (input, context) =>
      changes.run(async () => {
        const { ipaddress: address } = input;
        context.signal.throwIfAborted();
        checkMayChange(node, claimOf(input, context));
        const change = await pointAt(node, address);
        await record.update((draft) => {
          const same = draft.master?.address === address ? draft.master : null;
          draft.master = {
            address,
            identity: input.master ?? same?.identity ?? null,
            reason: input.reason ?? same?.reason ?? null,
            since: same?.since ?? isoTime(clock.now()),
          };
        });
        context.log.info({ address, ...change }, 'address of the Puppet server set');
        return { ...change };
      }),
    request_certificate: (input, context) =>
      changes.run(async () => {
        const confirm = () => checkMayChange(node, claimOf(input, context));
        context.signal.throwIfAborted();
        confirm();
        await node.stages.checkIdle();
        if (input.ca_fingerprint === undefined && input.token !== undefined) {
          throw new ProvisionError('ca_fingerprint is missing: the CA cannot be verified without it');
        }
        node.requestedWith = await puppet.assumedSettings();
        const { settings } = node.requestedWith;
        const requester = new CertificateRequester({
          files: new SslFiles(settings),
          certname: settings.certname,
          makeKey: () => node.keys.take(),
          memory: csrMemory(node),
          log: context.log,
        });
        const requested = await requester.request({
          ca: caOf(node, settings),
          caFingerprint: input.ca_fingerprint,
          fresh: input.fresh ?? false,
          confirm,
          signal: context.signal,
        });
        const { certname, csrFingerprint, caFingerprint, reused } = requested;
        const key = reused ? 'the existing key' : `a new ${node.keys.kind} key`;
        return {
          output: `Submitted the CSR of ${certname} (${csrFingerprint}) with ${key} to the CA with the digest ${caFingerprint}`,
          exitcode: 0,
          certname,
          csr_fingerprint: csrFingerprint,
          ca_fingerprint: caFingerprint,
          reused,
        };
      }),
    has_cert: async () => {
      const { settings } = await puppet.assumedSettings();
      const status = await certificateStatus(new SslFiles(settings), clock.now());
      return {
        has_cert: status.exists,
        usable: status.isUsable,
        certname: settings.certname,
        fingerprint: status.fingerprint,
        issuer: status.issuer,
        not_after: status.notAfter,
        matches_key: status.matchesKey,
        matches_ca: status.matchesCa,
        reason: status.reason,
      };
    },
    bootstrap_puppet: (input, context) =>
      runStage(node, 'bootstrap', { ...input, environment: input.environment ?? 'bootstrap' }, context),
    run_puppet: (input, context) => runStage(node, 'production', input, context),
    daemonize_puppet: async (input, context) => {
      checkMayChange(node, claimOf(input, context));
      const { output, exitCode } = await daemonizePuppet({
        puppet,
        command: node.config.daemonize,
        stateDir: node.host.stateDir,
        signal: context.signal,
      });
      return { output, exitcode: exitCode };
    },
  };
}

async function pointAt({ config, host, puppet }: Node, address: string): Promise<Change> {
  const options = { backupFolder: host.stateDir };
  let change: Change | undefined;
  if (config.server_in_hosts) {
    change = await setHostsEntry(config.hosts_file, address, config.puppet_names, options);
  }
  if (config.server_in_conf) {
    change = await setServer((await puppet.settings()).config, address, options);
  }
  if (!change)
    throw new ProvisionError(
      'cannot set the address of the Puppet server: server_in_hosts and server_in_conf are both false',
    );
  return change;
}

// Compile masters share the CA of another server, which Puppet's own setting names.
function caOf(node: Node, { server, ca_server: name, ca_port: port }: PuppetSettings): CaClient {
  return name === server ? serverOf(node) : new CaClient({ name, port: Number(port) });
}

function serverOf({ config, record }: Node): CaClient {
  const address = record.state.master?.address ?? undefined;
  const [name = 'puppet'] = config.puppet_names;
  // Where Puppet is told an address, its server must prove that address.
  const proven = config.server_in_conf && address !== undefined ? address : name;
  return new CaClient({ name: proven, address, port: config.port });
}

function csrMemory({ record, clock }: Node): CsrMemory {
  return {
    read: () => record.state.csr,
    write: (csr) =>
      record.update((draft) => {
        draft.csr = { ...csr, since: isoTime(clock.now()) };
        // Runs with a former certificate tell nothing of this one.
        if (csr.state === 'made' && draft.run) draft.run.noted = true;
      }),
  };
}

const progressLimit = 1024 * 1024;

async function runStage(
  node: Node,
  stage: string,
  input: { readonly environment?: string; readonly fresh?: boolean; readonly token?: number },
  context: Context,
) {
  const confirm = () => checkMayChange(node, claimOf(input, context));
  confirm();
  const { settings } = await node.puppet.assumedSettings();
  const hasCertificate = (await new SslFiles(settings).read('hostcert')) !== undefined;
  let sent = 0;
  const result = await node.stages.run({
    stage,
    environment: input.environment,
    token: input.token,
    fresh: input.fresh ?? false,
    options: {
      // Ruby stalls on a connection that is kept while the certificate is fetched: ruby/net-http issue 233.
      closeConnections: !hasCertificate,
      connectTimeoutSeconds: 10,
      runTimeoutSeconds: Math.max(60, Math.floor(context.timeoutSeconds) - 30),
      waitForLockSeconds: 120,
    },
    checkServer: async () => {
      // Without an address from a provisioner, puppet.conf alone says where the server is.
      if (node.record.state.master?.address) await serverOf(node).reach(context.signal);
    },
    confirm,
    onOutput: (lines) => {
      if (sent > progressLimit) return;
      const text = lines.join('\n');
      sent += text.length;
      context.progress(text);
    },
    signal: context.signal,
  });
  const data = outputOf(result);
  // By now Puppet has said what its settings are.
  const wrong = node.requestedWith ? await wrongAssumptions(node.requestedWith) : [];
  if (wrong.length > 0) {
    const reason = `the certificate was requested with the settings in puppet.conf, but Puppet uses others (${wrong.join(', ')})`;
    throw new ProvisionError(`${reason}: start again with "mcprovision retry"`, { data });
  }
  if (result.verdict.ok) return data;
  throw new ProvisionError(`the ${stage} Puppet run failed: ${result.verdict.reason}`, { data });
}

function outputOf({ id, attached, verdict, output, seconds }: StageResult) {
  return {
    output,
    exitcode: verdict.exitCode,
    ok: verdict.ok,
    outcome: verdict.outcome,
    reason: verdict.reason,
    run: id,
    attached,
    environment: verdict.environment,
    failed_resources: [...verdict.failedResources],
    seconds,
  };
}
