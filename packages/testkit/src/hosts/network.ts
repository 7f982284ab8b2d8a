import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type RunningProcess, startProcess } from '../processes/process.js';
import { waitFor } from '../wait-for.js';
import { ip, routes, untilRunning } from './ip.js';
import { freeSubnet } from './subnet.js';

/**
 * A network of simulated hosts, in which this machine has an address too. Its bridge is in a network namespace that
 * lives as long as one process of ours: when that dies, however it dies, nothing of the network remains.
 */
export class Network implements AsyncDisposable {
  /** The first three numbers of its addresses, such as `10.4.5`. */
  readonly subnet: string;
  /** The interface of this machine in the network. */
  readonly interfaceName: string;
  readonly #switch: RunningProcess;
  readonly #members = new Set<{ close(): Promise<void> }>();
  #used = 1;

  private constructor(subnet: string, interfaceName: string, switchProcess: RunningProcess) {
    this.subnet = subnet;
    this.interfaceName = interfaceName;
    this.#switch = switchProcess;
  }

  /** Makes a network on a subnet that this machine has no route to. */
  static async create(): Promise<Network> {
    const subnet = freeSubnet(await routes());
    const interfaceName = `troupe${randomBytes(4).toString('hex')}`;
    const holder = startProcess('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep infinity']);
    const network = new Network(subnet, interfaceName, holder);
    try {
      await holder.waitForLine('ready');
      await ip([`link add ${interfaceName} type veth peer name uplink netns ${holder.pid}`]);
      await ip(
        ['link add bridge type bridge', 'link set bridge up', 'link set uplink master bridge up'],
        holder.pid,
      );
      await ip([`addr add ${network.address}/24 dev ${interfaceName}`, `link set ${interfaceName} up`]);
      await untilRunning(interfaceName);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  /** The address of this machine in the network. */
  get address(): string {
    return `${this.subnet}.1`;
  }

  /** Plugs the network namespace of a process in, and returns the address that it got, on `eth0`. */
  async plugIn(pid: number): Promise<string> {
    if (this.#used === 254) throw new Error(`no free address in the network ${this.subnet}.0/24`);
    const number = ++this.#used;
    const address = `${this.subnet}.${number}`;
    await ip(
      [
        `link add port${number} type veth peer name eth0 netns ${pid}`,
        `link set port${number} master bridge up`,
      ],
      this.#switch.pid,
    );
    await ip(['link set lo up', `addr add ${address}/24 dev eth0`, 'link set eth0 up'], pid);
    await untilRunning('eth0', pid);
    return address;
  }

  /** Closes something with the network, unless the result is called. */
  adopt(member: { close(): Promise<void> }): () => void {
    this.#members.add(member);
    return () => this.#members.delete(member);
  }

  /** Closes the hosts on it and removes it. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.close()));
    await this.#switch.stop({ signal: 'SIGKILL' });
    // The kernel takes namespaces apart a moment after their last process has ended.
    await waitFor(
      `the interface ${this.interfaceName} to be removed`,
      () => !existsSync(`/sys/class/net/${this.interfaceName}`),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
