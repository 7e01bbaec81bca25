/*
 * How every Chromium of the tests is started. Two tabs on one machine have to find each other also where there is no
 * network at all, and the browser is not to do anything of its own beside.
 */
const ROOT_USER = 0;

export const CHROMIUM_FLAGS: readonly string[] = [
  // Chromium's sandbox does not work for root, which is who runs in most containers.
  ...(process.getuid?.() === ROOT_USER ? ['--no-sandbox'] : []),
  // Containers often have 64 MiB of shared memory, which ends a tab that holds a large file.
  '--disable-dev-shm-usage',
  '--disable-gpu',
  // So that memory can be read without what is only not collected yet.
  '--js-flags=--expose-gc',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Names in place of local addresses are resolved by multicast, which many containers do not carry.
  // And what is free on the disk is told as it is, not as the 10 GiB that Chromium names to every site.
  '--disable-features=WebRtcHideLocalIpsWithMdns,StaticStorageQuota',
  '--allow-loopback-in-peer-connection',
  // Several pages share one screen that nobody looks at: none of them is in the background.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];
