import DeltaicCore
import TestSupport
import Testing

@Suite("Caches with a limit")
struct BoundedCacheTests {
    @Test("costs never pass the limit, and what is found is what was put in last")
    func limit() {
        var random = SeededGenerator(seed: 11)
        var cache = BoundedCache<Int, Int>(limit: 100)
        var last: [Int: Int] = [:]
        for step in 0..<20_000 {
            let key = Int(random.next() % 60)
            switch random.next() % 4 {
            case 0:
                cache.remove(key)
                last[key] = nil
            case 1:
                if let found = cache.value(for: key) { #expect(found == last[key]) }
            default:
                cache.insert(step, for: key, cost: Int(random.next() % 30))
                last[key] = step
            }
            #expect(cache.cost <= 100)
        }
        #expect(cache.count > 0)
    }

    @Test("the least recently used goes first")
    func order() {
        var cache = BoundedCache<String, Int>(limit: 3)
        for (position, key) in ["a", "b", "c"].enumerated() { cache.insert(position, for: key, cost: 1) }
        _ = cache.value(for: "a")
        #expect(cache.leastRecent?.key == "b")
        cache.insert(9, for: "d", cost: 1)
        #expect(cache.value(for: "b") == nil)
        #expect(cache.value(for: "a") == 0 && cache.value(for: "c") == 2 && cache.value(for: "d") == 9)
        cache.insert(10, for: "e", cost: 3)
        #expect(cache.count == 1 && cache.cost == 3)
    }

    @Test("what costs more than the limit is not kept, and takes its older value away")
    func tooLarge() {
        var cache = BoundedCache<String, Int>(limit: 3)
        cache.insert(1, for: "a", cost: 1)
        cache.insert(2, for: "a", cost: 4)
        #expect(cache.value(for: "a") == nil && cache.count == 0 && cache.cost == 0)
    }

    @Test("values are removed by what they are")
    func removal() {
        var cache = BoundedCache<Int, Int>(limit: 100)
        for key in 0..<10 { cache.insert(key, for: key, cost: 1) }
        cache.removeAll { key, _ in key % 2 == 0 }
        #expect(cache.count == 5 && cache.value(for: 4) == nil && cache.value(for: 5) == 5)
    }
}
