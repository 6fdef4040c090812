/** A port as the package sees it (0: any that has no door of its own) and the one that is listened on for it. */
export type Door = { port: number; listen: number };

/** Ports below 1024 and ports of services, tunnels, mining pools and command channels. A package's own server is on none. */
const wellKnown = [
  20, 21, 22, 23, 25, 43, 69, 70, 79, 80, 81, 82, 83, 84, 85, 88, 110, 111, 113, 119, 135, 139, 143, 161, 179, 194, 389,
  443, 444, 445, 465, 500, 502, 513, 514, 515, 543, 544, 548, 554, 587, 593, 631, 636, 666, 808, 843, 853, 873, 888,
  902, 989, 990, 992, 993, 994, 995, 999, 1010, 1024, 1025, 1080, 1194, 1234, 1337, 1433, 1434, 1521, 1604, 1701, 1723,
  1883, 1991, 2000, 2022, 2048, 2049, 2082, 2083, 2086, 2087, 2095, 2096, 2121, 2181, 2222, 2323, 2375, 2376, 2379,
  2404, 2525, 3128, 3268, 3306, 3333, 3334, 3335, 3336, 3355, 3389, 3443, 3478, 3690, 4343, 4433, 4443, 4444, 4445,
  4446, 4500, 4505, 4506, 4567, 4662, 4782, 4840, 4899, 5004, 5060, 5061, 5222, 5223, 5228, 5269, 5432, 5555, 5556,
  5557, 5566, 5568, 5588, 5601, 5632, 5666, 5671, 5672, 5683, 5800, 5900, 5901, 5938, 5984, 5985, 5986, 6000, 6001,
  6379, 6443, 6514, 6606, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6697, 6881, 6969, 7000, 7001,
  7070, 7443, 7474, 7547, 7707, 7777, 7778, 7788, 7878, 7999, 8001, 8008, 8009, 8010, 8020, 8022, 8083, 8085, 8086,
  8087, 8088, 8089, 8090, 8091, 8123, 8161, 8200, 8282, 8333, 8334, 8343, 8383, 8443, 8500, 8545, 8546, 8554, 8686,
  8765, 8808, 8834, 8843, 8848, 8880, 8883, 8899, 8989, 8999, 9001, 9002, 9030, 9040, 9042, 9050, 9051, 9092, 9100,
  9111, 9150, 9160, 9300, 9333, 9418, 9443, 9500, 9600, 9735, 9876, 9898, 9944, 9998, 9999, 10001, 10034, 10128, 10134,
  10250, 10300, 10343, 10443, 11111, 11211, 12222, 12345, 13333, 13531, 14433, 14444, 14445, 15555, 16661, 17777, 18081,
  18089, 18333, 19999, 20128, 20535, 22222, 23333, 24444, 25565, 26656, 27015, 27017, 27018, 28015, 28017, 30303, 31337,
  32764, 33060, 33333, 40000, 44444, 45560, 45700, 49152, 50000, 50050, 50051, 50070, 51820, 54321, 55555, 57777, 60000,
  61616, 64738, 65000, 65535,
];

/** Ports on which people's own servers run: free for the package unless nothing else can take them. */
const developmentPorts = [3000, 3001, 4000, 4200, 5000, 5173, 8000, 8080, 8081, 8888, 9000, 9090, 9200];

/** Above the range that the kernel picks client ports from. */
const firstInnerPort = 61001;
const catchAllPort = 61000;

/**
 * Doors behind redirection: every port reaches the sinkhole. Common ones have a door of their own, so that their number is
 * known without asking the kernel.
 */
export function redirectedDoors(ports: readonly number[]): { doors: Door[]; catchAll: Door } {
  const own = [21, 22, 25, 80, 443, 465, 587, 1337, 3333, 4444, 5555, 6379, 6667, 8333, 8443, 8545, 9001, 14444, 27017];
  const all = [...new Set([...own, ...developmentPorts, ...ports])].filter((port) => port !== 53);
  return {
    doors: all.map((port, index) => ({ port, listen: firstInnerPort + index })),
    catchAll: { port: 0, listen: catchAllPort },
  };
}

/** Doors without redirection: what can be listened on without being in the package's way. */
export function listedDoors(ports: readonly number[]): Door[] {
  return [...new Set([...wellKnown, ...ports])].filter((port) => port !== 53).map((port) => ({ port, listen: port }));
}

/** UDP ports worth answering for where they cannot all be redirected. */
export const listedUdpPorts: readonly number[] = [69, 123, 161, 443, 514, 1900, 3478, 4500, 5353, 6881, 19302, 51820];
