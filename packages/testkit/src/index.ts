export { actionAssertions } from './author/assertions.js';
export { Caller, type CallerOptions, type CallResult, type CallWords } from './author/caller.js';
export {
  type ActionResult,
  type HostAgentOptions,
  type HostedAgent,
  hostAgent,
} from './author/host-agent.js';
export { type Mocked, type MockOverrides, mockAgent, plausibleOutput } from './author/mock-agent.js';
export {
  type NatsRegions,
  natsRegionsMissing,
  startNatsRegions,
  startRabbitmq,
  type TestBroker,
  type TestBrokerKind,
  type TestBrokerOptions,
  testBrokers,
} from './brokers/index.js';
export { type DroppingPort, droppingPort } from './dropping-port.js';
export { withSkew } from './fleet/clock.js';
export type { EmulatedNode } from './fleet/emulated-node.js';
export { type Faults, FaultyLine, type Mishap } from './fleet/faults.js';
export { FaultyTransport } from './fleet/faulty-transport.js';
export { emulateFleet, type Fleet, type FleetOptions } from './fleet/fleet.js';
export { fleetFacts } from './fleet/fleet-facts.js';
export { type KeyType, makeKeyPair } from './fleet/key-pair.js';
export { type Link, openLink } from './fleet/link.js';
export type { FleetSecurity } from './fleet/node-config.js';
export { freePort, freePorts } from './free-port.js';
export { DirectoryHost, type DirectoryHostOptions } from './hosts/directory-host.js';
export type { CommandOptions, CommandResult, ExecOptions, Host, HostOptions } from './hosts/host.js';
export { NamespaceHost, type NamespaceHostOptions } from './hosts/namespace-host.js';
export { namespacesMissing } from './hosts/namespaces-missing.js';
export { Network } from './hosts/network.js';
export {
  createTestPki,
  type IssuedCertificate,
  type IssueKeyOptions,
  type IssueOptions,
  type TestPki,
  useTestPki,
} from './network/network-pki.js';
export { writePolicies } from './network/policy.js';
export { type NetworkOptions, startNetwork, type TestNetwork } from './network/start-network.js';
export {
  type LineTest,
  type ProcessExit,
  type ProcessOptions,
  RunningProcess,
  startProcess,
} from './processes/process.js';
export { aotJar, defaultCacheFolder } from './puppet/aot-jar.js';
export type { PuppetCode } from './puppet/environments.js';
export { puppetAgentMissing, puppetServerMissing } from './puppet/installation.js';
export { PuppetServer } from './puppet/puppet-server.js';
export type { PuppetServerOptions } from './puppet/puppet-server-options.js';
export type { ServerPaths } from './puppet/server-paths.js';
export { skip, skipReasonOf } from './skip.js';
export { createTempFolder, type TempFolder } from './temp-folder.js';
export { type WaitOptions, waitFor } from './wait-for.js';
