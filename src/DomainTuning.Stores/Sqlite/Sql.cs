using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Short forms for the few shapes of SQL that the index uses. Parameters are ?1, ?2, … in order.</summary>
internal static class Sql
{
    /// <summary>Opens a connection of its own (no pool, so that closing it lets go of the file).</summary>
    public static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = 10 }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteCommand Command(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"?{i + 1}", values[i] ?? DBNull.Value);
        return command;
    }

    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        using var command = connection.Command(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first value of the first row; null when there is none.</summary>
    public static object? Scalar(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        using var command = connection.Command(sql, values);
        var value = command.ExecuteScalar();
        return value is DBNull ? null : value;
    }

    public static long Number(this SqliteConnection connection, string sql, params ReadOnlySpan<object?> values) =>
        Convert.ToInt64(connection.Scalar(sql, values) ?? 0L, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Sets the parameters of a prepared command again and runs it.</summary>
    public static int ExecuteWith(this SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        command.SetAll(values);
        return command.ExecuteNonQuery();
    }

    public static SqliteDataReader ReadWith(this SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        command.SetAll(values);
        return command.ExecuteReader();
    }

    /// <summary>A column's bytes without a copy; valid until the next row.</summary>
    public static ReadOnlySpan<byte> Bytes(this SqliteDataReader reader, int column) => raw.sqlite3_column_blob(reader.Handle!, column);

    public static string? Text(this SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static void SetAll(this SqliteCommand command, ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var name = $"?{i + 1}";
            if (command.Parameters.Contains(name)) command.Parameters[name].Value = values[i] ?? DBNull.Value;
            else command.Parameters.AddWithValue(name, values[i] ?? DBNull.Value);
        }
    }
}
