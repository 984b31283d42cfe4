public enum DeltaicSchema {}
