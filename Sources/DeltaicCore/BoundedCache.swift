/// Values by key, of which the least recently used are given up when their costs add up to more than a limit.
///
/// Every operation but ``removeAll(where:)`` takes constant time. Not shared between tasks: owners put it behind a lock.
public struct BoundedCache<Key: Hashable, Value> {
    private struct Node {
        let key: Key
        var value: Value
        var cost: Int
        /// Neighbours in the order of use; -1 at the ends.
        var newer: Int
        var older: Int
    }

    public let limit: Int
    public private(set) var cost = 0
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var positions: [Key: Int] = [:]
    private var newest = -1
    private var oldest = -1

    /// - Parameter limit: of the costs of all values together.
    public init(limit: Int) {
        self.limit = limit
    }

    public var count: Int { positions.count }

    /// What would be given up next.
    public var leastRecent: (key: Key, value: Value)? {
        oldest < 0 ? nil : nodes[oldest].map { ($0.key, $0.value) }
    }

    /// The value of a key, which is the most recently used one from now on.
    public mutating func value(for key: Key) -> Value? {
        guard let position = positions[key], let node = nodes[position] else { return nil }
        if position != newest {
            unlink(node)
            link(position)
        }
        return node.value
    }

    /// Keeps a value, in the place of another one of the same key; one that costs more than the limit is not kept.
    public mutating func insert(_ value: Value, for key: Key, cost: Int) {
        remove(key)
        guard cost <= limit else { return }
        while self.cost + cost > limit, oldest >= 0, let node = nodes[oldest] { remove(node.key) }
        let position = free.popLast() ?? nodes.count
        let node = Node(key: key, value: value, cost: cost, newer: -1, older: -1)
        if position == nodes.count { nodes.append(node) } else { nodes[position] = node }
        positions[key] = position
        self.cost += cost
        link(position)
    }

    public mutating func remove(_ key: Key) {
        guard let position = positions.removeValue(forKey: key), let node = nodes[position] else { return }
        unlink(node)
        nodes[position] = nil
        free.append(position)
        cost -= node.cost
    }

    /// Removes what `shouldRemove` says of.
    public mutating func removeAll(where shouldRemove: (Key, Value) throws -> Bool) rethrows {
        for case let node? in nodes where try shouldRemove(node.key, node.value) { remove(node.key) }
    }

    private mutating func unlink(_ node: Node) {
        if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
        if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
    }

    private mutating func link(_ position: Int) {
        nodes[position]?.newer = -1
        nodes[position]?.older = newest
        if newest >= 0 { nodes[newest]?.newer = position } else { oldest = position }
        newest = position
    }
}
