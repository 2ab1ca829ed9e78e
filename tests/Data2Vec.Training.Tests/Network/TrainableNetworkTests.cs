using Data2Vec.Training.Network;

namespace Data2Vec.Training.Tests.Network;

/// <summary>The memory of networks.</summary>
public class TrainableNetworkTests
{
    [Fact]
    public void A_network_that_cannot_be_constructed_is_freed()
    {
        var backend = new PieceBackend(8);
        using (TrainableNetwork<int> network = GradientCheck.Network<int>(TinyModels.Text(), backend: backend))
        {
            Assert.Equal(1, backend.OpenStores);
            Assert.Throws<InvalidDataException>(() => GradientCheck.Network<int>(
                TinyModels.Text(), backend: backend, objective: scope => _ = scope.HasValues ? throw new InvalidDataException() : 0));
            Assert.Equal(1, backend.OpenStores);
        }

        Assert.Equal(0, backend.OpenStores);
    }
}
